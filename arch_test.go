// Package wardbook_test holds the architecture as a test: who may import whom, who owns the
// dangerous parts of the standard library, and how large a file may grow. ARCHITECTURE.md explains
// the map; where the two differ, this table is right. To place a new package, add its row here
// with one line that says why it exists; to widen a fence, add an owner with a reason.
package wardbook_test

import (
	"os"
	"testing"
)

const module = "github.com/wardbook/wardbook"

// Budgets. A file or function over them is listed below with a reason.
const (
	maxFileLines  = 500
	maxFuncLines  = 80
	maxFileBytes  = 1 << 20
	minDocumented = 95 // per cent of exported names
)

// A row places one package. A layer may import those before it, as far as may says; features meet
// in the door and in the journal, never in each other.
type row struct {
	pkg   string // below internal/, or a path from the root when it starts with "/"
	layer string // words, pure, core, feature, edge, cmd or test
	may   string // our packages that it may import
	why   string // what it is there for
}

// standing is what every feature stands on.
const standing = "fault id schema expr policy journal authn door job"

// house is the import table of the design.
var house = []row{
	{"fault", "words", "", "the one error type"},
	{"id", "words", "fault", "record identifiers"},
	{"config", "words", "fault", "settings, validated once"},

	{"schema", "pure", "fault id", "objects and fields as data; knows no expressions"},
	{"expr", "pure", "fault id", "CEL to memory and to SQL; sees a schema only through its own interface"},
	{"policy", "pure", "fault id schema expr", "decisions, row filters, field masks"},
	{"gram", "pure", "expr", "splits text into the pieces by which it is found"},
	{"seal", "pure", "fault id", "keys and sealed cells; no I/O"},
	{"journal", "pure", "fault id", "entries, tree, checkpoints, verification; no I/O"},

	{"sqldb", "core", "fault id sqldb/vault", "opens SQLite or PostgreSQL; knows no table"},
	{"sqldb/vault", "core", "fault", "SQLite pages as ciphertext"},
	{"control", "core", "fault id seal journal sqldb", "what is not customer data: credentials, sessions, tokens, cursors, leases"},
	{"authn", "core", "fault id config policy seal journal control", "proves who asks; the only maker of Actor"},
	{"door", "core", "fault id schema expr gram policy seal journal sqldb authn door/internal/store", "THE DOOR: every read and write of customer data"},
	{"door/internal/store", "core", "fault id schema expr gram policy seal journal sqldb", "the only SQL on customer data; nested, so the compiler keeps others out"},
	{"job", "core", "fault id journal sqldb control authn door", "loops, schedules, leases and journal cursors"},

	{"sqldb/vaulttest", "test", "fault id sqldb sqldb/vault", "a file system that loses power"},
	{"sqldb/pgtest", "test", "", "a real PostgreSQL for a test process"},
	{"sqldb/dialect", "test", "sqldb", "holds the statements that tests see to the SQL of every engine"},
	{"door/doortest", "test", "fault id schema expr gram policy seal journal sqldb sqldb/vault sqldb/pgtest sqldb/dialect control authn door sales found", "a real door on either engine, for tests"},

	{"found", "feature", standing, "what a new organisation begins with: roles, its owner, a sales process"},
	{"sales", "feature", standing, "leads, companies, deals"},
	{"marketing", "feature", standing, "campaigns, segments, consent"},
	{"service", "feature", standing, "tickets, queues, articles"},
	{"insight", "feature", standing, "reports and dashboards"},
	{"approve", "feature", standing, "who is asked, and decides"},
	{"automate", "feature", standing, "rules that react to the journal"},
	{"transfer", "feature", standing + " seal", "import and export over the door; seals the files that wait"},
	{"connect", "feature", standing, "mail, calendars, webhooks, other systems"},
	{"notify", "feature", standing, "messages to people"},
	{"privacy", "feature", standing, "R7: requests of data subjects, retention, erasure"},
	{"audit", "feature", standing, "R4: checks and their findings"},
	{"detect", "feature", standing, "R1: reads the journal, raises incidents"},
	{"incident", "feature", standing, "R1: timeline, containment, lessons"},
	{"train", "feature", standing, "R10: courses and their evidence"},
	{"backup", "feature", standing + " seal sqldb", "R6: sealed snapshots and restore drills"},
	{"supply", "feature", standing, "R5: suppliers and integrations"},
	{"upkeep", "feature", standing, "R9: versions and technical age"},
	{"risk", "feature", standing, "the ten tiles"},

	{"web", "edge", "config web/api web/mcp web/page /ui /locales * " + standing, "HTTP: routes, sessions, safe headers"},
	{"web/api", "edge", "/locales * " + standing, "REST: decode, call a verb, encode"},
	{"web/page", "edge", "web/api /locales " + standing, "the built front end, and the pages that work without it"},
	{"web/metrics", "edge", "fault id door", "how the server is doing, for a monitoring system"},
	{"web/mcp", "edge", "* " + standing, "Model Context Protocol over the same verbs"},

	{"/cmd/wardbook", "cmd", "everything", "the one binary"},
	{"/ui", "words", "", "embeds the built front end"},
	{"/locales", "words", "", "embeds the message catalogue"},
	{"/test/bench", "test", "everything", "ratios against a baseline"},
	{"/test/script", "test", "everything", "scripts against the real binary"},
	{"/test/fault", "test", "everything", "crashes, full disks, failovers"},
	{"/test/e2e", "test", "everything", "a real browser"},
	{"/", "test", "", "this test"},
}

// A fence gives something dangerous to named owners. What lists import paths ("x/..." means x and
// everything below) and names in them ("time.Now").
type fence struct {
	what   string
	why    string
	owners map[string]string // package, as in house → reason; tests are free
	tests  bool              // … unless this is set
}

var fences = []fence{
	{
		what: "database/sql/... github.com/jackc/pgx/v5/... github.com/ncruces/go-sqlite3/...",
		why:  "SQL reaches customer data through the door's store only, the rest through control",
		owners: map[string]string{
			"sqldb":               "opens the engines",
			"sqldb/vault":         "is SQLite's file system",
			"sqldb/vaulttest":     "is SQLite's file system",
			"sqldb/pgtest":        "makes databases for tests",
			"control":             "owns the tables that hold no customer data",
			"door/internal/store": "owns the tables that do",
			"/test/bench":         "measures the bare drivers as the baseline",
		},
	},
	{
		what: "crypto/... golang.org/x/crypto/...",
		why:  "cryptography in few places, each with vectors",
		owners: map[string]string{
			"seal":          "keys and cells",
			"journal":       "hashes and signatures",
			"authn":         "passwords and second factors",
			"control":       "tokens are stored as hashes",
			"sqldb/vault":   "pages",
			"sqldb/pgtest":  "names of test databases",
			"door/doortest": "hands crypto/rand.Reader to the rest",
			"web":           "TLS",
			"/cmd/wardbook": "hands crypto/rand.Reader to the rest",
			"/test/bench":   "hands crypto/rand.Reader to the rest",
		},
	},
	{
		what: "crypto/rand math/rand math/rand/v2",
		why:  "randomness is an input, so that a test can repeat it",
		owners: map[string]string{
			"/cmd/wardbook":   "the real one",
			"/test/bench":     "the real one",
			"sqldb":           "spreads retries: no test repeats them",
			"sqldb/vault":     "nonces: nobody may choose them",
			"sqldb/vaulttest": "a seeded source is handed in",
			"sqldb/pgtest":    "names of test databases",
			"door/doortest":   "the real one",
		},
	},
	{
		what:   "time.Now time.Since time.Until",
		why:    "time is an input, so that a test can set it",
		owners: map[string]string{"/cmd/wardbook": "the real clock", "/test/bench": "measures"},
	},
	{
		what:  "time.Sleep",
		why:   "waiting for luck: wait for the event instead",
		tests: true,
	},
	{
		what: "net/http",
		why:  "HTTP is an edge",
		owners: map[string]string{
			"fault":         "names of statuses only",
			"web":           "the server",
			"web/api":       "handlers",
			"web/mcp":       "handlers",
			"web/page":      "handlers",
			"web/metrics":   "a listener of its own",
			"connect":       "outgoing, through the guarded dialer",
			"notify":        "outgoing, through the guarded dialer",
			"backup":        "targets, through the guarded dialer",
			"/cmd/wardbook": "client of a running server",
			"/test/bench":   "asks the servers that it compares, on this machine",
		},
	},
	{
		what: "net/http.Client net/http.Transport net/http.NewRequest net/http.NewRequestWithContext " +
			"net.Dial net.DialTimeout net.Dialer crypto/tls.Dial crypto/tls.Dialer",
		why: "outgoing network is where data leaves: few owners, one guarded dialer",
		owners: map[string]string{
			"connect":       "other systems",
			"notify":        "mail",
			"backup":        "targets",
			"sqldb":         "PostgreSQL, with timeouts that survive a frozen primary",
			"/cmd/wardbook": "client of a running server",
			"/test/bench":   "asks the servers that it compares, on this machine",
		},
	},
	{
		what: "net/http.DefaultClient net/http.DefaultTransport net/http.Get net/http.Post net/http.Head net/http.PostForm net/http.DefaultServeMux",
		why:  "no timeout, and shared by everything",
	},
	{
		what: "os/exec", why: "another program is another attack surface",
		owners: map[string]string{"sqldb/pgtest": "starts PostgreSQL for tests", "/test/bench": "measures the real binary"},
	},
	{what: "unsafe C plugin runtime/cgo", why: "memory safety is a promise"},
	{what: "reflect", why: "code that a reader, and the compiler, cannot follow"},
	{what: "net/http/pprof expvar", why: "they register themselves on a shared mux", tests: true},
	{what: "log", why: "the program logs through log/slog, with redaction", tests: true},
}

// listed names the exceptions, each with its reason. A listed item that needs no exception any more
// fails too, so that the list can only shrink.
var (
	longFiles = map[string]string{}
	longFuncs = map[string]string{
		"..TestRulesCatch":                  "a table",
		"internal/door.verbs":               "a table",
		"internal/journal.TestExportTamper": "a table",
		"internal/seal.TestOpenLockRefuses": "a table",
	}
	variables = map[string]string{
		"internal/sqldb/pgtest.shared": "one server for each test process is the point",
		"cmd/wardbook.version":         "set by the linker",
	}
)

func TestArchitecture(t *testing.T) {
	t.Parallel()
	tree, err := load(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, problem := range r.check(tree) {
				t.Error(problem)
			}
		})
	}
}
