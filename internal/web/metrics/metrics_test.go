package metrics_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/sqldb/pgtest"
	"github.com/wardbook/wardbook/internal/web/metrics"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func source(w *doortest.World) metrics.Source {
	return metrics.Source{
		Version: "v1.2.3", Routes: []string{"/api/v1/records/{object}", "/api/v1/changes"}, Door: w.Door.Numbers, Streams: func() int { return 3 },
		Imports: func() (int, int) { return 2, 1 }, Files: func() map[string]int64 { return map[string]int64{"data": 4096} },
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

// read asks for the metrics and reads them as Prometheus does.
func read(t *testing.T, m *metrics.Metrics) (map[string]*dto.MetricFamily, string) {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	text := w.Body.String()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	all, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return all, text
}

// value is what a metric with these labels says; -1 where there is none.
func value(all map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	for _, m := range all[name].GetMetric() {
		var got []string
		for _, l := range m.GetLabel() {
			got = append(got, l.GetName()+"="+l.GetValue())
		}
		if slices.Equal(got, labels) {
			return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return -1
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx, m := context.Background(), metrics.New(source(w))
		nobody := w.As(w.Person(t, "Nils Nobody", id.ID{}))
		before, _ := read(t, m)
		for range 3 {
			w.Make(t, "company", door.Values{"name": "Verysecretname"})
		}
		if _, err := nobody.List(ctx, door.Query{Object: "company"}); !fault.Is(err, fault.NotFound) {
			t.Fatal(err)
		}
		if err := w.Door.Note(ctx, authn.Operator(w.Owner), door.ViaCLI, "nosuchverb", "key", "Verysecretname"); err != nil {
			t.Fatal(err)
		}
		if err := w.Door.Settle(ctx); err != nil {
			t.Fatal(err)
		}
		m.Observe("GET", "/api/v1/records/{object}", 200, 30*time.Millisecond)
		m.Observe("GET", "/api/v1/changes", 200, time.Hour)
		m.Observe("BREW", "/api/v1/records/019cb7dc-6409-7029-8000-000000000000", 404, time.Millisecond)
		all, text := read(t, m)
		for _, c := range []struct {
			name   string
			want   float64
			labels []string
		}{
			{"wardbook_up", 1, nil},
			{"wardbook_build_info", 1, []string{"version=v1.2.3"}},
			{"wardbook_open_streams", 3, nil},
			{"wardbook_imports", 2, []string{"state=waiting"}},
			{"wardbook_imports", 1, []string{"state=running"}},
			{"wardbook_database_bytes", 4096, []string{"database=data"}},
			{"wardbook_journal_pending_entries", 0, nil},
			{"wardbook_journal_unsigned_entries", 0, nil},
			{"wardbook_acts_total", value(before, "wardbook_acts_total", "decision=allow", "verb=create") + 3, []string{"decision=allow", "verb=create"}},
			{"wardbook_acts_total", 1, []string{"decision=deny", "verb=read"}},
			{"wardbook_acts_total", 1, []string{"decision=allow", "verb=other"}},
			{"wardbook_http_requests_total", 1, []string{"method=GET", "route=/api/v1/records/{object}", "status=200"}},
			{"wardbook_http_requests_total", 1, []string{"method=other", "route=other", "status=404"}},
			{"wardbook_http_request_duration_seconds", 1, []string{"method=GET", "route=/api/v1/records/{object}"}},
			{"wardbook_http_request_duration_seconds", -1, []string{"method=GET", "route=/api/v1/changes"}},
		} {
			got := value(all, c.name, c.labels...)
			if c.name == "wardbook_acts_total" && c.labels[1] == "verb=create" { // a change set is made with each
				if got < c.want {
					t.Errorf("%s %v is %v, want at least %v", c.name, c.labels, got, c.want)
				}
				continue
			}
			if got != c.want {
				t.Errorf("%s %v is %v, want %v", c.name, c.labels, got, c.want)
			}
		}
		for _, name := range []string{"wardbook_journal_entries_total", "wardbook_journal_checkpoint_age_seconds", "wardbook_search_missing_entries", "wardbook_search_rebuilding", "go_goroutines"} {
			if len(all[name].GetMetric()) != 1 {
				t.Errorf("there is no %s", name)
			}
		}
		account(t, all)
		for _, secret := range []string{"Verysecretname", "Nils", "019cb7dc"} {
			if strings.Contains(text, secret) {
				t.Errorf("the metrics hold %s", secret)
			}
		}
	})
}

// account holds every metric to a help text, and every label of ours to a list of values.
func account(t *testing.T, all map[string]*dto.MetricFamily) {
	t.Helper()
	known := map[string]*regexp.Regexp{
		"method": regexp.MustCompile(`^(GET|HEAD|POST|PATCH|DELETE|other)$`), "status": regexp.MustCompile(`^[1-5]\d\d$`), "state": regexp.MustCompile(`^(waiting|running)$`),
		"route": regexp.MustCompile(`^(/api/v1/records/\{object\}|/api/v1/changes|other)$`), "decision": regexp.MustCompile(`^(allow|deny|held)$`),
		"verb": regexp.MustCompile(`^(other|` + strings.Join(metrics.Verbs(), "|") + `)$`), "database": regexp.MustCompile(`^(data|keys|control|search)$`), "version": regexp.MustCompile(`^v1\.2\.3$`),
	}
	for name, f := range all {
		if f.GetHelp() == "" {
			t.Errorf("%s has no help", name)
		}
		if !strings.HasPrefix(name, "wardbook_") {
			if !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") {
				t.Errorf("%s is neither ours nor of the runtime", name)
			}
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if known[l.GetName()] == nil || !known[l.GetName()].MatchString(l.GetValue()) {
					t.Errorf("%s has the label %s=%q, which is on no list", name, l.GetName(), l.GetValue())
				}
			}
		}
	}
}

// A door that does not answer is told, with what is known without it.
func TestMetricsWithoutTheDoor(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Source{
		Door: func(context.Context) (door.Numbers, error) {
			return door.Numbers{}, fault.New(fault.Unavailable, "x", "away")
		},
		Streams: func() int { return 0 }, Imports: func() (int, int) { return 0, 0 }, Files: func() map[string]int64 { return nil }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	all, _ := read(t, m)
	if value(all, "wardbook_up") != 0 || value(all, "wardbook_journal_entries_total") != -1 || value(all, "go_goroutines") < 1 {
		t.Error("a door that is away is not told as such")
	}
}

func TestServe(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Source{
		Door:    func(context.Context) (door.Numbers, error) { return door.Numbers{}, nil },
		Streams: func() int { return 0 }, Imports: func() (int, int) { return 0, 0 }, Files: func() map[string]int64 { return nil }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	l, err := metrics.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := metrics.Listen(l.Addr().String()); fault.Reason(err) != "address_in_use" {
		t.Errorf("got %v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Serve(ctx, l) }()
	for path, want := range map[string]int{"/metrics": 200, "/": 404, "/debug/pprof/": 404, "/api/v1/me": 404} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+l.Addr().String()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		got.Body.Close()
		if got.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, got.StatusCode, want)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := net.DialTimeout("tcp", l.Addr().String(), time.Second); err == nil {
		t.Error("a new connection is taken")
	}
}
