// Package metrics tells a monitoring system how the server is doing, in the text format of Prometheus,
// on a listener of its own. It holds no personal data, no identifiers and no names that users choose:
// every label takes its values from a list that is known beforehand.
package metrics

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
)

// Source is what is told about.
type Source struct {
	Version string
	Routes  []string // patterns of the API; other addresses are "other"
	Door    func(ctx context.Context) (door.Numbers, error)
	Streams func() int // open streams of changes
	Imports func() (waiting, running int)
	Files   func() map[string]int64 // sizes in bytes of the databases in the data folder, by name
	Log     *slog.Logger
}

// Metrics counts requests and tells the rest when it is asked.
type Metrics struct {
	source   Source
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

// New returns the metrics of a server.
func New(s Source) *Metrics {
	m := &Metrics{
		source: s, registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "wardbook_http_requests_total", Help: "Requests answered, by method, pattern of the address and status.",
		}, []string{"method", "route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "wardbook_http_request_duration_seconds", Help: "How long requests took, streams of changes left out.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 120, 600},
		}, []string{"method", "route"}),
	}
	build := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "wardbook_build_info", Help: "The version that runs; always 1.", ConstLabels: prometheus.Labels{"version": s.Version},
	}, func() float64 { return 1 })
	m.registry.MustRegister(m.requests, m.duration, build, house{s}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// streamRoute is the route whose requests last as long as their readers stay.
const streamRoute = "/api/v1/changes"

// other stands for what is on no list.
const other = "other"

// Observe counts a request that was answered.
func (m *Metrics) Observe(method, route string, status int, took time.Duration) {
	if !slices.Contains([]string{"GET", "HEAD", "POST", "PATCH", "DELETE"}, method) {
		method = other
	}
	if !slices.Contains(m.source.Routes, route) {
		route = other
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	if route != streamRoute {
		m.duration.WithLabelValues(method, route).Observe(took.Seconds())
	}
}

// Handler answers GET /metrics, to a few at once.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: 4, Timeout: 10 * time.Second, ErrorHandling: promhttp.HTTPErrorOnError,
	}))
	return mux
}

// Serve answers on a listener until the context ends.
func (m *Metrics) Serve(ctx context.Context, l net.Listener) error {
	s := &http.Server{
		Handler: m.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 20 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(m.source.Log.Handler(), slog.LevelDebug),
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	if err := s.Serve(l); ctx.Err() == nil {
		return fault.Wrap(fault.Unavailable, err, "serve", "the metrics are no longer served: restart the server")
	}
	return nil
}

// Listen opens the address of the metrics.
func Listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "address_in_use", "--metrics-listen %s cannot be opened: another program may use it", address)
	}
	return l, nil
}
