#!/usr/bin/env python3
"""CPU time of single statements, PostgreSQL against Zorya.

    statements.py PG_CONNINFO ZORYA_CONNINFO ZORYA_PID bench/statements.sql [PATTERN]

Rounds alternate between the two; a figure is the median. What counts is the CPU time of
PostgreSQL's backend (without its writers) and of the whole Zorya process, from
/proc/*/task/*/schedstat: other load on the machine disturbs it little. The file has
blocks: a line "-- name repetitions", statements that are not measured, a line "--",
statements that are. Its first block, "-- setup 0", runs once.
"""
import os, re, statistics, subprocess, sys, time

ROUNDS = int(os.environ.get("ROUNDS", "3"))


class Server:
    def __init__(self, conninfo, pid=None):
        self.psql = subprocess.Popen(["psql", "-XqAt", conninfo], text=True, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.pid = pid or self.run("select pg_backend_pid();").strip()

    def run(self, sql):
        self.psql.stdin.write(sql + "\n\\echo ~~done\n")
        self.psql.stdin.flush()
        out = []
        for line in self.psql.stdout:
            if line.startswith("~~done"):
                break
            out.append(line)
        if "ERROR" in (text := "".join(out)):
            sys.exit(text)
        return text

    def silent(self, sql):
        self.run("\\o /dev/null\n" + sql + "\n\\o")

    def cpu(self):
        tasks = f"/proc/{self.pid}/task"
        return sum(int(open(f"{tasks}/{t}/schedstat").read().split()[0]) for t in os.listdir(tasks)) / 1e6

    def measure(self, before, sql, reps):
        if before:
            self.silent(before)
            time.sleep(1.5)
        start = self.cpu()
        self.silent(sql * reps)
        if before:
            time.sleep(1.5)  # what is written in the background
        return (self.cpu() - start) / reps


def main():
    pg, zorya = Server(sys.argv[1]), Server(sys.argv[2], sys.argv[3])
    pg.run("set jit = off; set max_parallel_workers_per_gather = 0;")
    blocks = re.split(r"^-- (\w+) (\d+)\n", open(sys.argv[4]).read(), flags=re.M)[1:]
    for name, reps, text in zip(blocks[::3], blocks[1::3], blocks[2::3]):
        if name == "setup":
            pg.silent(text)
            zorya.silent(text)
        if int(reps) == 0 or len(sys.argv) > 5 and not re.search(sys.argv[5], name):
            continue
        before, _, sql = ("\n" + text).partition("\n--\n")
        p, z = zip(*((pg.measure(before.strip(), sql, int(reps)), zorya.measure(before.strip(), sql, int(reps))) for _ in range(ROUNDS)))
        p, z = statistics.median(p), statistics.median(z)
        print(f"| {name} | {p:.2f} | {z:.2f} | {z / p:.2f} |", flush=True)


main()
