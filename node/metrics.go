package node

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"zorya/cluster"
	"zorya/txn"
)

// newRegistry makes the registry behind /metrics.
func (n *Node) newRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "zorya_sessions", Help: "Open client connections."},
			func() float64 { return float64(n.pg.Sessions()) }),
		clusterCollector{n.clusters})
	return r
}

// A figure is one number of a cluster, as /metrics shows it. Labels beside the
// cluster's id are given as name, value.
type figure struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	label []string
	value func(*cluster.Metrics) float64
}

func newFigure(kind prometheus.ValueType, name, help, label, value string, get func(*cluster.Metrics) float64) figure {
	f := figure{kind: kind, value: get}
	labels := []string{"cluster"}
	if label != "" {
		labels, f.label = append(labels, label), []string{value}
	}
	f.desc = prometheus.NewDesc(name, help, labels, nil)
	return f
}

// figures are what /metrics shows of each open cluster, counted since it was
// opened.
var figures = func() []figure {
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue
	const conflicts, conflictsHelp = "zorya_conflicts_total", "Commits that lost to another transaction, by the code that the client was told."
	return []figure{
		newFigure(counter, "zorya_commits_total", "Transactions committed.", "", "",
			func(m *cluster.Metrics) float64 { return float64(m.Txn.Commits) }),
		newFigure(counter, conflicts, conflictsHelp, "code", "OC000",
			func(m *cluster.Metrics) float64 { return float64(m.Txn.Conflicts + m.Txn.TooOld) }),
		newFigure(counter, conflicts, conflictsHelp, "code", "OC001",
			func(m *cluster.Metrics) float64 { return float64(m.Txn.SchemaChanges) }),
		newFigure(counter, "zorya_aborts_total", "Transactions with writes that were rolled back before COMMIT was decided.", "", "",
			func(m *cluster.Metrics) float64 { return float64(m.Txn.Rollbacks) }),
		newFigure(counter, "zorya_commits_refused_total", "Commits that the cluster could not take.", "", "",
			func(m *cluster.Metrics) float64 { return float64(m.Txn.Refused) }),
		newFigure(counter, "zorya_commits_unknown_total", "Commits whose outcome is unknown, since the journal failed.", "", "",
			func(m *cluster.Metrics) float64 { return float64(m.Txn.Unknown) }),
		newFigure(counter, "zorya_journal_bytes_total", "Bytes appended to the journal.", "", "",
			func(m *cluster.Metrics) float64 { return float64(m.JournalBytes) }),
		newFigure(counter, "zorya_journal_fsyncs_total", "Batches of commits made durable, each by one fsync.", "", "",
			func(m *cluster.Metrics) float64 { return float64(m.JournalSyncs) }),
		newFigure(gauge, "zorya_journal_records", "Sequence number of the last record of the journal that is visible.", "", "",
			func(m *cluster.Metrics) float64 { return float64(m.Records) }),
		newFigure(gauge, "zorya_storage_bytes", "Bytes that storage takes on the disk.", "", "",
			func(m *cluster.Metrics) float64 { return float64(m.StorageBytes) }),
	}
}()

// latencyDesc describes the histogram of commits.
var latencyDesc = prometheus.NewDesc("zorya_commit_seconds", "Time that commits took, whatever their outcome.", []string{"cluster"}, nil)

// clusterCollector shows the figures of the clusters that are open.
type clusterCollector struct{ cs *clusters }

// Describe implements prometheus.Collector.
func (c clusterCollector) Describe(out chan<- *prometheus.Desc) {
	for i := range figures {
		out <- figures[i].desc
	}
	out <- latencyDesc
}

// Collect implements prometheus.Collector.
func (c clusterCollector) Collect(out chan<- prometheus.Metric) {
	for id, m := range c.cs.metrics() {
		for i := range figures {
			f := &figures[i]
			out <- prometheus.MustNewConstMetric(f.desc, f.kind, f.value(&m), append([]string{id}, f.label...)...)
		}
		counts, n := map[float64]uint64{}, uint64(0)
		for i, bound := range txn.LatencyBounds {
			n += m.Txn.Latency[i]
			counts[bound.Seconds()] = n
		}
		n += m.Txn.Latency[len(txn.LatencyBounds)]
		out <- prometheus.MustNewConstHistogram(latencyDesc, n, m.Txn.LatencySum.Seconds(), counts, id)
	}
}

// metrics returns the figures of the clusters that are open. It does not wait for
// one that is being opened.
func (cs *clusters) metrics() map[string]cluster.Metrics {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	list := map[string]cluster.Metrics{}
	for id, s := range cs.byID {
		if !s.mu.TryLock() {
			continue
		}
		if s.open != nil {
			list[id] = s.open.c.Metrics()
		}
		s.mu.Unlock()
	}
	return list
}
