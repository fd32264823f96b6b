package metrics

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wardbook/wardbook/internal/door"
)

// house tells what is looked up when it is asked for.
type house struct{ s Source }

// number is one metric of the house.
type number struct {
	name, help string
	counter    bool
}

// desc makes the description of a metric.
func (n number) desc(labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("wardbook_"+n.name, n.help, labels, nil)
}

func (n number) value(v float64, labels ...string) func(names ...string) prometheus.Metric {
	kind := prometheus.GaugeValue
	if n.counter {
		kind = prometheus.CounterValue
	}
	return func(names ...string) prometheus.Metric {
		return prometheus.MustNewConstMetric(n.desc(names...), kind, v, labels...)
	}
}

// Describe implements prometheus.Collector. What there is depends on the moment, so nothing is promised.
func (house) Describe(chan<- *prometheus.Desc) {}

// Verbs lists the values of the label verb; what is not among them is counted as "other".
func Verbs() []string {
	return []string{
		"aggregate", "create", "define", "delete", "download", "export", "follow", "get", "history", "invitation", "issue", "journal", "list",
		"password_changed", "prove", "read", "restore", "reveal", "revoke", "search", "session_ended", "sign_in", "sign_in_failed", "sign_out", "snapshot",
		"update", "verify", "why",
	}
}

// lookTime bounds how long the databases may take to tell.
const lookTime = 5 * time.Second

// Collect implements prometheus.Collector. Where the door does not tell, its numbers are not there, and
// wardbook_up says so.
func (h house) Collect(out chan<- prometheus.Metric) {
	gauge := func(name, help string, v float64) { out <- number{name: name, help: help}.value(v)() }
	gauge("open_streams", "Streams of changes that are open.", float64(h.s.Streams()))
	waiting, running := h.s.Imports()
	for state, n := range map[string]int{"waiting": waiting, "running": running} {
		out <- number{name: "imports", help: "Files to import that wait, or are being imported."}.value(float64(n), state)("state")
	}
	for name, size := range h.s.Files() {
		out <- number{name: "database_bytes", help: "Size of the databases in the data folder, with what is still to be merged into them."}.value(float64(size), name)("database")
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookTime)
	defer cancel()
	n, err := h.s.Door(ctx)
	if err != nil {
		h.s.Log.ErrorContext(ctx, "metrics failed", "error", err.Error())
		gauge("up", "Whether the databases answer.", 0)
		return
	}
	gauge("up", "Whether the databases answer.", 1)
	h.journal(out, n)
}

func (h house) journal(out chan<- prometheus.Metric, n door.Numbers) {
	gauge := func(name, help string, v float64) { out <- number{name: name, help: help}.value(v)() }
	out <- number{name: "journal_entries_total", help: "Entries that have a number.", counter: true}.value(float64(n.Entries))()
	gauge("journal_pending_entries", "Changes that have no number yet.", float64(n.Waiting))
	gauge("journal_pending_reads", "Reads of this node that have no number yet.", float64(n.Reads))
	gauge("journal_pending_reads_limit", "Reads without a number at which reading stops.", float64(n.MaxReads))
	gauge("journal_unsigned_entries", "Entries with a number that no checkpoint vouches for yet.", float64(n.Unsigned))
	if !n.SignedAt.IsZero() {
		gauge("journal_checkpoint_age_seconds", "Time since all that had a number was known to be signed.", n.Age.Seconds())
	}
	gauge("search_missing_entries", "Entries that cannot be found by yet.", float64(n.Search.Missing))
	gauge("search_rebuilding", "Whether what is searched is being made anew.", map[bool]float64{true: 1}[n.Search.Rebuilding])
	acts := map[[2]string]uint64{}
	for _, a := range n.Acts {
		verb := a.Verb
		if !slices.Contains(Verbs(), verb) {
			verb = other
		}
		acts[[2]string{verb, a.Decision}] += a.Count
	}
	for key, count := range acts {
		out <- number{name: "acts_total", help: "Acts that this node has put into the journal, by verb and decision.", counter: true}.value(float64(count), key[0], key[1])("verb", "decision")
	}
}
