package check

import (
	"fmt"
	"io"
)

// Print writes the report for people.
func (r *Report) Print(w io.Writer) {
	for i := range r.Clusters {
		r.Clusters[i].print(w)
	}
	count := printFindings(w, r.Findings)
	for i := range r.Clusters {
		count += printFindings(w, r.Clusters[i].Findings)
	}
	if count == 0 {
		fmt.Fprintf(w, "%s is sound\n", r.Dir)
		return
	}
	fmt.Fprintf(w, "%s is damaged: %d findings\n", r.Dir, count)
}

func (c *Cluster) print(w io.Writer) {
	fmt.Fprintf(w, "cluster %s\n", c.Dir)
	fmt.Fprintf(w, "  journal  %d segments, %d bytes, %d frames, records %d to %d\n",
		c.Journal.Segments, c.Journal.Bytes, c.Journal.Frames, c.Journal.First, c.Journal.Last)
	fmt.Fprintf(w, "  storage  %d tables, %d blocks, %d bytes, up to record %d\n",
		c.Storage.Tables, c.Storage.Blocks, c.Storage.Bytes, c.Storage.Applied)
	if n := c.Content; n != nil {
		fmt.Fprintf(w, "  content  %d descriptors, %d tables, %d indexes, %d rows, %d index entries, %d old versions\n",
			n.Descriptors, n.Tables, n.Indexes, n.Rows, n.Entries, n.Versions)
		if n.Purging > 0 {
			fmt.Fprintf(w, "           %d keys of what was dropped, to be removed\n", n.Purging)
		}
	}
	for _, note := range c.Notes {
		fmt.Fprintf(w, "  note     %s\n", note)
	}
}

// printFindings lists findings, and the way out once for each run of the same.
func printFindings(w io.Writer, list []Finding) int {
	for i := range list {
		fmt.Fprintf(w, "DAMAGE   %s\n", &list[i])
		if wayOut := list[i].WayOut; wayOut != "" && (i+1 == len(list) || list[i+1].WayOut != wayOut) {
			fmt.Fprintf(w, "  way out: %s\n", wayOut)
		}
	}
	return len(list)
}
