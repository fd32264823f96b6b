package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/sqldb"
	"github.com/wardbook/wardbook/internal/web/api"
)

// row says what a route answers to whom.
type row struct {
	path, body string
	ok         int // to the owner
	stranger   int // to a person without a role
	narrow     int // to the owner through a token for something else
	signed     int // to the owner who signed in, where a token is not enough; 0 where it is
	alien      int // to a person without a role who signed in
}

// rows has a row for each route. Where a stranger is answered 200, the answer is about the stranger
// alone, or empty; everybody may read, and prove, the entries of their own acts, through a token those
// about what the token may read; denied looks like absent; 403 stands where absence would lie.
func rows() map[string]row {
	const label = `"label":{"en":"Car","zh":"车"}`
	return map[string]row{
		"POST /api/v1/session":                          {"/api/v1/session", `{"email":"nobody@example.com","password":"x"}`, 403, 403, 403, 0, 0}, // without TLS, from elsewhere
		"GET /api/v1/session":                           {"/api/v1/session", "", 200, 200, 200, 0, 0},
		"PATCH /api/v1/session":                         {"/api/v1/session", `{"theme":"dark"}`, 403, 403, 403, 200, 200},
		"DELETE /api/v1/session":                        {"/api/v1/session", "", 403, 403, 403, 204, 204},
		"GET /api/v1/sessions":                          {"/api/v1/sessions?user=$person", "", 403, 403, 403, 200, 404},
		"DELETE /api/v1/sessions/{id}":                  {"/api/v1/sessions/$session", "", 403, 403, 403, 204, 404},
		"POST /api/v1/password":                         {"/api/v1/password", `{"old":"correct horse battery staple","password":"quiet lanterns above the weir"}`, 403, 403, 403, 200, 200},
		"POST /api/v1/users/{id}/invitation":            {"/api/v1/users/$person/invitation", "", 403, 403, 403, 201, 404},
		"POST /api/v1/invitation":                       {"/api/v1/invitation", `{"token":"wbi_x","email":"x","password":"x"}`, 401, 401, 401, 0, 0},
		"GET /api/v1/tokens":                            {"/api/v1/tokens?user=$person", "", 403, 403, 403, 200, 404},
		"POST /api/v1/tokens":                           {"/api/v1/tokens", `{"name":"x","scopes":["deal:read"]}`, 403, 403, 403, 201, 201},
		"DELETE /api/v1/tokens/{id}":                    {"/api/v1/tokens/$token", "", 404, 404, 404, 204, 404},
		"GET /api/v1/me":                                {"/api/v1/me", "", 200, 200, 200, 0, 0},
		"GET /api/v1/objects":                           {"/api/v1/objects", "", 200, 200, 200, 0, 0},
		"GET /api/v1/objects/{object}":                  {"/api/v1/objects/company", "", 200, 404, 404, 0, 0},
		"GET /api/v1/definitions":                       {"/api/v1/definitions", "", 200, 403, 403, 0, 0},
		"POST /api/v1/objects":                          {"/api/v1/objects", `{"name":"car",` + label + `,"plural":{"en":"Cars","zh":"车"},"title":["code"],"fields":[{"name":"code","type":"text","class":"internal","label":{"en":"Code","zh":"编号"}}]}`, 201, 403, 403, 0, 0},
		"PATCH /api/v1/objects/{object}":                {"/api/v1/objects/car", `{` + label + `}`, 200, 403, 403, 0, 0},
		"POST /api/v1/objects/{object}/fields":          {"/api/v1/objects/car/fields", `{"name":"seats","type":"int","class":"internal","label":{"en":"Seats","zh":"座位"}}`, 201, 403, 403, 0, 0},
		"PATCH /api/v1/objects/{object}/fields/{field}": {"/api/v1/objects/car/fields/seats", `{"help":{"en":"How many","zh":"数量"}}`, 200, 403, 403, 0, 0},
		"GET /api/v1/records/{object}":                  {"/api/v1/records/company", "", 200, 404, 404, 0, 0},
		"POST /api/v1/records/{object}":                 {"/api/v1/records/company", `{"fields":{"name":"Gamma"}}`, 201, 404, 404, 0, 0},
		"GET /api/v1/records/{object}/{id}":             {"/api/v1/records/company/$company", "", 200, 404, 404, 0, 0},
		"PATCH /api/v1/records/{object}/{id}":           {"/api/v1/records/company/$company", `{"fields":{"city":"Lyon"}}`, 200, 404, 404, 0, 0},
		"GET /api/v1/records/{object}/{id}/history":     {"/api/v1/records/company/$company/history", "", 200, 404, 404, 0, 0},
		"GET /api/v1/records/{object}/{id}/why":         {"/api/v1/records/company/$company/why", "", 200, 404, 404, 0, 0},
		"DELETE /api/v1/records/{object}/{id}":          {"/api/v1/records/company/$company", "", 204, 404, 404, 0, 0},
		"POST /api/v1/records/{object}/{id}/restore":    {"/api/v1/records/company/$binned/restore", `{}`, 200, 404, 404, 0, 0},
		"PUT " + filesPath:                              {"/api/v1/records/contact/$contact/files/photo", gif, 200, 404, 404, 0, 0},
		"GET " + filesPath:                              {"/api/v1/records/contact/$contact/files/photo", "", 200, 404, 404, 0, 0},
		"DELETE " + filesPath:                           {"/api/v1/records/contact/$contact/files/photo", "", 200, 404, 404, 0, 0},
		"POST /api/v1/records/{object}/{id}/reveal":     {"/api/v1/records/contact/$contact/reveal", `{"field":"identity_number","purpose":"contract signing"}`, 200, 404, 404, 0, 0},
		"POST /api/v1/aggregate/{object}":               {"/api/v1/aggregate/company", `{"group_by":["city"],"measures":[{"op":"count"}]}`, 200, 404, 404, 0, 0},
		"POST /api/v1/batch":                            {"/api/v1/batch", `{"operations":[{"op":"create","object":"company","fields":{"name":"Delta"}}]}`, 200, 404, 404, 0, 0},
		"GET /api/v1/changesets":                        {"/api/v1/changesets", "", 200, 404, 404, 0, 0},
		"GET /api/v1/changesets/{id}":                   {"/api/v1/changesets/$set", "", 200, 404, 404, 0, 0},
		"POST /api/v1/changesets/{id}/undo":             {"/api/v1/changesets/$set/undo", `{}`, 200, 404, 404, 0, 0},
		"GET /api/v1/changes":                           {"/api/v1/changes", "", 200, 200, 200, 0, 0},
		"GET /api/v1/journal":                           {"/api/v1/journal", "", 200, 200, 200, 0, 0},
		"GET /api/v1/journal/checkpoint":                {"/api/v1/journal/checkpoint", "", 200, 200, 200, 0, 0},
		"GET /api/v1/journal/proof":                     {"/api/v1/journal/proof?entry=$entry", "", 200, 404, 404, 0, 0},
		"GET /api/v1/openapi.json":                      {"/api/v1/openapi.json", "", 200, 200, 200, 0, 0},
		"GET /api/v1/search":                            {"/api/v1/search?q=alpha", "", 200, 200, 200, 0, 0},
		"GET /api/v1/status":                            {"/api/v1/status", "", 200, 200, 200, 0, 0},
		"POST /api/v1/exports":                          {"/api/v1/exports", `{"object":"company","fields":["name"],"format":"csv","purpose":"a test of rights"}`, 201, 404, 404, 0, 0},
		"GET /api/v1/exports/{id}":                      {"/api/v1/exports/$export", "", 200, 404, 404, 0, 0},
		"GET /api/v1/exports/{id}/file":                 {"/api/v1/exports/$export/file", "", 200, 404, 404, 0, 0},
		"POST /api/v1/imports":                          {"/api/v1/imports", form("object", "company", "file", "name\nZeta\n"), 201, 404, 404, 0, 0},
		"GET /api/v1/imports/{id}":                      {"/api/v1/imports/$upload", "", 200, 404, 404, 0, 0},
		"PATCH /api/v1/imports/{id}":                    {"/api/v1/imports/$upload", `{"plan":{"map":{"employees":"-"}}}`, 200, 404, 404, 0, 0},
		"DELETE /api/v1/imports/{id}":                   {"/api/v1/imports/$upload2", "", 204, 404, 404, 0, 0},
		"POST /api/v1/imports/{id}/run":                 {"/api/v1/imports/$upload/run", `{"dry_run":false}`, 200, 404, 404, 0, 0},
		"GET /api/v1/imports/{id}/errors.csv":           {"/api/v1/imports/$upload/errors.csv", "", 200, 404, 404, 0, 0},
	}
}

func TestEveryRoute(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	f := s.fixture(t)
	nobody := s.Person(t, "Stan Stranger", id.ID{})
	stranger := s.token(t, nobody, "*:*")
	narrow := s.token(t, s.Owner, "task:read")
	table := rows()
	for _, route := range api.Routes() {
		name := route.Method + " " + route.Path
		r, ok := table[name]
		if !ok {
			t.Errorf("%s has no row in the table of rights: say who gets what", name)
			continue
		}
		delete(table, name)
		t.Run(strings.ReplaceAll(name, "/", "_"), func(t *testing.T) {
			if strings.Contains(r.path, "$export") { // an export does not wait long
				f.export = s.export(t, "company", "csv")
			}
			path := s.fill(r.path, f)
			if !route.Open() {
				s.unwelcome(t, route, path, r.body)
			}
			s.send(t, route.Method, path, stranger, r.body).want(r.stranger)
			s.send(t, route.Method, path, narrow, r.body).want(r.narrow)
			if route.Method != http.MethodGet && strings.HasPrefix(r.body, "{") { // TestImports sends bad forms, TestFilesRefused bad files
				as := s.owner
				if r.signed != 0 {
					as = s.signIn(t, s.Owner)
				}
				s.badBodies(t, route, path, as)
			}
			s.send(t, route.Method, path, s.owner, r.body).want(r.ok)
			if r.signed == 0 {
				return
			}
			s.send(t, route.Method, path, s.signIn(t, nobody), r.body).want(r.alien)
			s.send(t, route.Method, path, s.signIn(t, s.Owner), r.body).want(r.signed)
		})
	}
	for name := range table {
		t.Errorf("the table has a row for %s, which is no route", name)
	}
}

// unwelcome sends what no route takes.
func (s *site) unwelcome(t *testing.T, route api.Route, path, body string) {
	t.Helper()
	for _, token := range []string{"", "wb_wrong", "wb_" + strings.Repeat("a", 58), s.owner + "a", strings.ToUpper(s.owner)} {
		a := s.send(t, route.Method, path, token, body).want(401)
		if a.header.Get("WWW-Authenticate") == "" || a.str("code") != "unauthenticated" {
			t.Errorf("%s: %s", a.header, a.text)
		}
		s.Clock.Add(1e10) // so that wrong tokens are not stopped by their number
	}
	joint := "?"
	if strings.Contains(path, "?") {
		joint = "&"
	}
	if a := s.send(t, route.Method, path+joint+"nosuch=1", s.owner, body).want(400); a.str("errors/0/field") != "nosuch" {
		t.Error(a.text)
	}
	s.send(t, route.Method, path+joint+"a=%zz", s.owner, body).want(400)
	plain, _, _ := strings.Cut(path, "?")
	a := s.send(t, "OPTIONS", plain, s.owner, body).want(405)
	if !strings.Contains(a.header.Get("Allow"), route.Method) || a.str("reason") != "wrong_method" {
		t.Errorf("Allow is %q: %s", a.header.Get("Allow"), a.text)
	}
}

// badBodies sends bodies that are no request of the route.
func (s *site) badBodies(t *testing.T, route api.Route, path, as string) {
	t.Helper()
	for _, c := range []struct {
		name, body, reason string
		status             int
		header             string
	}{
		{"a form", `a=b`, "bad_json", 400, "Content-Type: application/x-www-form-urlencoded"},
		{"a type that begins alike", `{}`, "bad_json", 400, "Content-Type: application/jsonp"},
		{"no type that can be read", `{}`, "bad_json", 400, "Content-Type: ;;"},
		{"cut short", `{"a":`, "bad_json", 400, ""},
		{"two values", `{} {}`, "bad_json", 400, ""},
		{"unknown member", `{"asAdmin":true}`, "bad_json", 400, ""},
		{"not an object", `[]`, "bad_json", 400, ""},
		{"deep", strings.Repeat("[", 33) + strings.Repeat("]", 33), "json_too_deep", 413, ""},
	} {
		a := s.send(t, route.Method, path, as, c.body, c.header).want(c.status)
		if a.str("reason") != c.reason {
			t.Errorf("%s: %s", c.name, a.text)
		}
	}
	limit := int64(1 << 20)
	if route.Large {
		limit = 10 << 20
	}
	r := s.request(route.Method, path, as, reader(limit+1))
	if a := s.serve(t, r).want(413); a.str("reason") != "body_too_large" {
		t.Error(a.text)
	}
}

func TestPreconditions(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	path := "/api/v1/records/company/" + s.Make(t, "company", door.Values{"name": "Alpha"}).String()
	if tag := s.send(t, "GET", path, s.owner, "").want(200).header.Get("ETag"); tag != `"1"` {
		t.Fatalf("ETag %s", tag)
	}
	for _, c := range []struct {
		name, match string
		status      int
		tag         string
	}{
		{"the version that it has", `If-Match: "1"`, 200, `"2"`},
		{"an older one", `If-Match: "1"`, 412, ""},
		{"a newer one", `If-Match: "9"`, 412, ""},
		{"weak", `If-Match: W/"2"`, 200, `"3"`},
		{"any", `If-Match: *`, 200, `"4"`},
		{"none", ``, 200, `"5"`},
		{"no tag of ours", `If-Match: "abc"`, 400, ""},
		{"below the first", `If-Match: "0"`, 400, ""},
		{"several", `If-Match: "5", "6"`, 400, ""},
	} {
		a := s.send(t, "PATCH", path, s.owner, `{"fields":{"city":"`+c.name+`"}}`, c.match)
		if a.want(c.status); a.header.Get("ETag") != c.tag {
			t.Errorf("%s: ETag %q, want %q", c.name, a.header.Get("ETag"), c.tag)
		}
	}
	s.send(t, "DELETE", path, s.owner, "", `If-Match: "4"`).want(412)
	s.send(t, "DELETE", path, s.owner, "", `If-Match: "5"`).want(204)
	s.send(t, "DELETE", path, s.owner, "", `If-Match: "5"`).want(404)
}

func TestRepeatedRequests(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	const key = "Idempotency-Key: k1"
	first := s.send(t, "POST", "/api/v1/records/company", s.owner, `{"fields":{"name":"Once"}}`, key).want(201)
	if loc := first.header.Get("Location"); loc != "/api/v1/records/company/"+first.str("id") {
		t.Errorf("Location %q", loc)
	}
	if again := s.send(t, "POST", "/api/v1/records/company", s.owner, `{"fields":{"name":"Once"}}`, key).want(201); again.str("id") != first.str("id") {
		t.Error("the same request made another record")
	}
	if a := s.send(t, "POST", "/api/v1/records/company", s.owner, `{"fields":{"name":"Twice"}}`, key).want(409); a.str("code") != "conflict" {
		t.Error(a.text)
	}
	other := s.token(t, s.Person(t, "Rita Rep", id.ID{}, "sales_rep"), "*:*")
	if a := s.send(t, "POST", "/api/v1/records/company", other, `{"fields":{"name":"Once"}}`, key).want(201); a.str("id") == first.str("id") {
		t.Error("another person's key gave the record")
	}
	s.send(t, "POST", "/api/v1/records/company", s.owner, `{"fields":{"name":"Long"}}`, "Idempotency-Key: "+strings.Repeat("k", 256)).want(422)
	const batch = `{"operations":[{"op":"create","object":"company","fields":{"name":"B"}}]}`
	set := s.send(t, "POST", "/api/v1/batch", s.owner, batch, "Idempotency-Key: k2").want(200).str("changeset")
	if got := s.send(t, "POST", "/api/v1/batch", s.owner, batch, "Idempotency-Key: k2").want(200).str("changeset"); got != set {
		t.Error("the same batch made another change set")
	}
	if a := s.send(t, "GET", "/api/v1/records/company?count=true&filter="+`name=="B"`, s.owner, "").want(200); a.get("count") != 1.0 {
		t.Error(a.text)
	}
}

func TestRepeatedDefinitions(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	const label, key = `"label":{"en":"Car","zh":"车"}`, "Idempotency-Key: d1"
	const car = `{"name":"car",` + label + `,"plural":{"en":"Cars","zh":"车"},"title":["code"],"fields":[{"name":"code","type":"text","class":"internal","label":{"en":"Code","zh":"编号"}}]}`
	s.send(t, "POST", "/api/v1/objects", s.owner, car, key).want(201)
	if again := s.send(t, "POST", "/api/v1/objects", s.owner, car, key).want(201); again.str("name") != "car" {
		t.Error(again.text)
	}
	const seats = `{"name":"seats","type":"int","class":"internal","label":{"en":"Seats","zh":"座位"}}`
	if a := s.send(t, "POST", "/api/v1/objects/car/fields", s.owner, seats, key).want(409); a.str("reason") != "idempotency_reuse" {
		t.Error(a.text)
	}
	for range 2 {
		s.send(t, "POST", "/api/v1/objects/car/fields", s.owner, seats, "Idempotency-Key: d2").want(201)
	}
	s.send(t, "POST", "/api/v1/objects/car/fields", s.owner, seats).want(422)
	stranger := s.token(t, s.Person(t, "Stan Stranger", id.ID{}), "*:*")
	s.send(t, "POST", "/api/v1/objects", stranger, car, key).want(403)
}

// A token for one object reads of its person's journal what is about that object, and proves no more.
func TestJournalOfNarrowTokens(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	rita := s.Person(t, "Rita Rep", id.ID{}, "sales_rep")
	whole := s.token(t, rita, "*:*")
	set := s.send(t, "POST", "/api/v1/batch", whole, `{"operations":[{"op":"create","object":"company","fields":{"name":"A"}},{"op":"create","object":"task","fields":{"subject":"B"}}]}`).want(200).str("changeset")
	entries := map[string]string{}
	list := s.send(t, "GET", "/api/v1/journal", whole, "").want(200)
	for i := range 9 {
		at := "entries/" + strconv.Itoa(i) + "/"
		if list.str(at+"verb") == "create" {
			entries[list.str(at+"object")] = list.str(at + "id")
		}
	}
	for _, c := range []struct {
		name, scope, sees string
	}{
		{"read tasks", "task:read", "task"},
		{"create tasks", "task:create", ""},
		{"read everything", "*:read", "company task"},
		{"read companies", "company:read", "company"},
	} {
		t.Run(c.name, func(t *testing.T) {
			token := s.token(t, rita, c.scope)
			got := s.send(t, "GET", "/api/v1/journal?filter="+url.QueryEscape("verb == 'create'"), token, "").want(200)
			for _, object := range []string{"company", "task"} {
				want, status := strings.Contains(c.sees, object), 404
				if want {
					status = 200
				}
				if strings.Contains(got.text, `"object":"`+object+`"`) != want {
					t.Errorf("%s: %s", object, got.text)
				}
				s.send(t, "GET", "/api/v1/journal/proof?entry="+entries[object], token, "").want(status)
			}
		})
	}
	if a := s.send(t, "GET", "/api/v1/changesets/"+set, s.token(t, rita, "task:read"), ""); a.status != 404 {
		t.Errorf("%d %s", a.status, a.text)
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	for _, c := range []struct {
		name, path, field string
		status            int
	}{
		{"count is a yes or a no", "/api/v1/records/company?count=1", "count", 400},
		{"deleted is a yes or a no", "/api/v1/records/company?deleted=yes", "deleted", 400},
		{"limit is a number", "/api/v1/records/company?limit=x", "limit", 400},
		{"limit has a limit", "/api/v1/records/company?limit=501", "limit", 422},
		{"as_of is a moment", "/api/v1/records/company?as_of=yesterday", "as_of", 400},
		{"twice", "/api/v1/records/company?limit=1&limit=2", "limit", 400},
		{"a cursor of nobody", "/api/v1/records/company?cursor=AAAA", "cursor", 422},
		{"a journal's cursor is a number", "/api/v1/journal?cursor=x", "cursor", 400},
		{"an entry is an identifier", "/api/v1/journal/proof?entry=x", "entry", 400},
		{"a field that is not there", "/api/v1/records/company?sort=nosuch", "sort", 422},
		{"the past cannot be searched", "/api/v1/records/company?search=x&as_of=2026-03-04T08:00:00Z", "search", 422},
		{"an event is a number", "/api/v1/changes?after=x", "after", 400},
		{"an event is not below the first", "/api/v1/changes?after=-1", "after", 400},
		{"a search for nothing", "/api/v1/search", "q", 422},
		{"a search for too many", "/api/v1/search?q=ab&limit=21", "limit", 422},
		{"nothing to search for", "/api/v1/records/contact?search=-", "search", 422},
	} {
		if a := s.send(t, "GET", c.path, s.owner, "").want(c.status); a.str("errors/0/field") != c.field {
			t.Errorf("%s: %s", c.name, a.text)
		}
	}
}

// A token that leaves a verb out withholds it, whatever its person's roles grant.
func TestWhy(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	path := "/api/v1/records/company/" + s.Make(t, "company", door.Values{"name": "Alpha"}).String() + "/why"
	rita := s.Person(t, "Rita Right", id.ID{}, "sales_manager")
	for scope, want := range map[string][3]any{"*:*": {true, false, "all"}, "company:read": {false, true, nil}} {
		a := s.send(t, "GET", path, s.token(t, rita, scope), "").want(200)
		if a.get("verbs/0/allowed") != true || a.get("verbs/1/verb") != "update" || a.get("verbs/1/allowed") != want[0] || a.get("verbs/1/withheld") != want[1] || a.get("verbs/1/grants/0/scope") != want[2] {
			t.Errorf("%s: %s", scope, a.text)
		}
	}
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	other := s.token(t, s.Owner, "*:*")
	var last answer
	for range 1000 {
		if last = s.send(t, "GET", "/api/v1/objects/nosuch", s.owner, ""); last.status == 429 {
			break
		}
	}
	if last.want(429); last.header.Get("Retry-After") == "" || last.str("code") != "too_many" {
		t.Errorf("%v %s", last.header, last.text)
	}
	s.send(t, "GET", "/api/v1/me", other, "").want(200) // another token has its own measure
	s.Clock.Add(10e9)
	s.send(t, "GET", "/api/v1/me", s.owner, "").want(200)
}

func TestGuessingTokensIsSlow(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	var last answer
	tries := 0
	for ; tries < 100; tries++ {
		if last = s.send(t, "GET", "/api/v1/me", "wb_wrong", ""); last.status == 429 {
			break
		}
	}
	if last.want(429); last.header.Get("Retry-After") == "" || tries > 30 {
		t.Errorf("after %d tries: %v %s", tries, last.header, last.text)
	}
	s.Clock.Add(60e9)
	s.send(t, "GET", "/api/v1/me", s.owner, "").want(200)
}

func TestTokensEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	rita := s.Person(t, "Rita Rep", id.ID{}, "sales_rep")
	token := s.token(t, rita, "*:*")
	s.send(t, "GET", "/api/v1/me", token, "").want(200)
	if _, err := s.As(s.Owner).Update(context.Background(), "user", rita, 0, door.Values{"active": false}); err != nil {
		t.Fatal(err)
	}
	if a := s.send(t, "GET", "/api/v1/me", token, "").want(401); a.str("reason") != "inactive" {
		t.Error(a.text)
	}
	s.Clock.Add(3601e9)
	if a := s.send(t, "GET", "/api/v1/me", s.owner, "").want(401); a.str("reason") != "bad_token" {
		t.Error(a.text)
	}
}

// The identifier of a request is in its answer, in the journal and in the log, where nothing personal is.
func TestRequestsAreTraced(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	a := s.send(t, "POST", "/api/v1/records/contact", s.owner, `{"fields":{"last_name":"Verysecretname","email":"hidden@example.net"}}`, "X-Request-Id: chosen-by-a-stranger", "User-Agent: agent/1").want(201)
	request := a.header.Get("X-Request-Id")
	if request == "chosen-by-a-stranger" {
		t.Error("a caller names our requests")
	}
	found := false
	list := s.send(t, "GET", "/api/v1/journal", s.owner, "").want(200)
	for i := range 9 {
		at := "entries/" + string(rune('0'+i)) + "/"
		found = found || list.str(at+"request_id") == request && list.str(at+"record") == a.str("id") && list.str(at+"verb") == "create"
	}
	if !found {
		t.Errorf("%s is not in the journal: %s", request, list.text)
	}
	log := s.log.String()
	if !strings.Contains(log, request) || !strings.Contains(log, "route=/api/v1/records/{object}") {
		t.Error("the request is not in the log")
	}
	for _, secret := range []string{"Verysecretname", "hidden@example.net", s.owner, "192.0.2.1"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
	s.send(t, "GET", "/api/v1/me", "", "").want(401)
	if !strings.Contains(s.log.String(), "route=/api/v1/me status=401") {
		t.Error("the log does not say where a stranger was refused")
	}
}

func TestRequestsThatAreGivenUp(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := httptest.NewRequest("GET", "http://wardbook.test/api/v1/records/company", nil).WithContext(ctx)
	r.Header.Set("Authorization", "Bearer "+s.owner)
	if a := s.serve(t, r).want(503); a.str("code") != "unavailable" || a.header.Get("Retry-After") == "" {
		t.Error(a.text)
	}
	r = httptest.NewRequest("POST", "http://wardbook.test/api/v1/records/company", broken{})
	r.Header.Set("Authorization", "Bearer "+s.owner)
	if a := s.serve(t, r).want(400); a.str("reason") != "bad_body" {
		t.Error(a.text)
	}
	if strings.Contains(s.log.String(), "level=ERROR") {
		t.Error("a caller that went away is logged as our error")
	}
}

// broken is a body whose sender went away.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, http.ErrBodyReadAfterClose }
