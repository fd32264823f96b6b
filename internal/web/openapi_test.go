package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"mime"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/sqldb"
	"github.com/wardbook/wardbook/internal/web/api"
)

// contract holds every answer of a site's tests to the OpenAPI document of whoever asked.
type contract struct {
	mu    sync.Mutex
	known map[asker]*described
	mux   *http.ServeMux // finds a request's route
}

// asker is a token while the organisation's structure stays the same.
type asker struct {
	token  string
	schema *schema.Schema
}

// described is a document, with the schemas that were compiled of it.
type described struct {
	mu       sync.Mutex
	doc      map[string]any
	compiler *jsonschema.Compiler
	answers  map[string]*jsonschema.Schema // by their place in the document; nil where the document has none
}

func newContract() *contract {
	c := &contract{known: map[asker]*described{}, mux: http.NewServeMux()}
	for _, r := range api.Routes() {
		c.mux.HandleFunc(r.Method+" "+r.Path, func(http.ResponseWriter, *http.Request) {})
	}
	return c
}

const docURL = "https://wardbook.test/openapi.json"

// describe reads a document as a client would, and closes it: what it does not name may not be there.
func describe(t testing.TB, objects []door.ObjectInfo) *described {
	t.Helper()
	b, err := json.Marshal(api.Describe(objects))
	if err != nil {
		t.Fatal(err)
	}
	key := sha256.Sum256(b)
	if d, ok := documents.Load(key); ok {
		return d.(*described)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	closeAll(v)
	d := &described{doc: v.(map[string]any), compiler: jsonschema.NewCompiler(), answers: map[string]*jsonschema.Schema{}}
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource(docURL, v); err != nil {
		t.Fatal(err)
	}
	documents.Store(key, d)
	return d
}

// documents are kept for all tests: most ask as the owner of a new organisation.
var documents sync.Map

func closeAll(v any) {
	switch x := v.(type) {
	case []any:
		for _, part := range x {
			closeAll(part)
		}
	case map[string]any:
		if _, open := x["additionalProperties"]; !open && x["type"] == "object" && x["properties"] != nil {
			x["additionalProperties"] = false
		}
		for _, part := range x {
			closeAll(part)
		}
	}
}

// schema compiles what the document says at a place; nil where it says nothing.
func (d *described) schema(t testing.TB, place ...string) *jsonschema.Schema {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at(t, place...)
}

func (d *described) at(t testing.TB, place ...string) *jsonschema.Schema {
	t.Helper()
	var v any = d.doc
	pointer := "#"
	for _, part := range place {
		m, _ := v.(map[string]any)
		v = m[part]
		if m, ok := v.(map[string]any); ok && strings.HasPrefix(asText(m["$ref"]), "#/components/responses/") {
			return d.at(t, append(strings.Split(strings.TrimPrefix(asText(m["$ref"]), "#/"), "/"), place[slices.Index(place, part)+1:]...)...)
		}
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(part)
	}
	if v == nil {
		return nil
	}
	if s, ok := d.answers[pointer]; ok {
		return s
	}
	s, err := d.compiler.Compile(docURL + strings.NewReplacer("{", "%7B", "}", "%7D").Replace(pointer))
	if err != nil {
		t.Fatalf("the document at %s: %v", pointer, err)
	}
	d.answers[pointer] = s
	return s
}

func asText(v any) string { s, _ := v.(string); return s }

// of returns the document of whoever sends a request; the owner's where nobody known does.
func (c *contract) of(t testing.TB, s *site, r *http.Request) *described {
	t.Helper()
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	key := asker{token: token}
	if s.World != nil {
		key.schema = s.Door.Schema()
	}
	if d := c.known[key]; d != nil {
		return d
	}
	var objects []door.ObjectInfo
	if s.World != nil {
		ctx := context.Background()
		session := s.As(s.Owner)
		if actor, err := s.desk.Tokens.Check(ctx, token); err == nil {
			session = s.Door.As(actor, door.ViaAPI)
		}
		var err error
		if objects, err = session.Objects(ctx); err != nil {
			if objects, err = s.Door.As(authn.Operator(s.Owner), door.ViaAPI).Objects(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.known[key] = describe(t, objects)
	return c.known[key]
}

// hold fails the test where an answer is not as the document says: a route, a status, a field that is
// not described, or a value of another form.
func (c *contract) hold(s *site, a answer, r *http.Request) {
	a.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	media, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if a.text != "" && err != nil {
		a.t.Errorf("%s %s: no Content-Type", r.Method, r.URL.Path)
		return
	}
	d := c.of(a.t, s, r)
	_, pattern := c.mux.Handler(r)
	method, path, known := strings.Cut(pattern, " ")
	var want *jsonschema.Schema
	switch {
	case !known || a.status == http.StatusMethodNotAllowed || s.World == nil: // no route of the API, or none that is reached
		if a.status < 400 {
			return
		}
		want = d.schema(a.t, "components", "schemas", "problem")
	case a.text == "":
		if d.schema(a.t, "paths", path, strings.ToLower(method), "responses", strconv.Itoa(a.status)) == nil {
			a.t.Errorf("%s: the document has no answer %d", pattern, a.status)
		}
		return
	default:
		want = d.schema(a.t, "paths", path, strings.ToLower(method), "responses", strconv.Itoa(a.status), "content", media, "schema")
	}
	if want == nil {
		a.t.Errorf("%s: the document has no answer %d of %s", pattern, a.status, media)
		return
	}
	if media == "text/event-stream" || a.header.Get("Content-Disposition") != "" { // no JSON document, or a file
		return
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(a.text))
	if err == nil {
		err = want.Validate(v)
	}
	if err != nil {
		a.t.Errorf("%s: the answer %d is not as the document says: %v\n%s", pattern, a.status, err, a.text)
	}
}

// Each route has a shape, and each shape is of a route.
func TestEveryRouteIsDescribed(t *testing.T) {
	t.Parallel()
	doc := describe(t, nil).doc
	paths := doc["paths"].(map[string]any)
	names := map[string]bool{}
	for _, r := range api.Routes() {
		op, _ := paths[r.Path].(map[string]any)[strings.ToLower(r.Method)].(map[string]any)
		name := asText(op["operationId"])
		if name == "" || names[name] {
			t.Errorf("%s %s has no shape of its own in shapes", r.Method, r.Path)
		}
		names[name] = true
		for _, p := range op["parameters"].([]any) {
			if p := p.(map[string]any); p["schema"] == nil || p["in"] == "query" && p["description"] == nil {
				t.Errorf("%s %s: the parameter %v is not described in parameters", r.Method, r.Path, p["name"])
			}
		}
	}
	for _, name := range api.Described() {
		if !slices.ContainsFunc(api.Routes(), func(r api.Route) bool { return r.Method+" "+r.Path == name }) {
			t.Errorf("shapes has %s, which is no route", name)
		}
	}
}

// What a new organisation's owner is told stands in testdata; what somebody else may not see is not
// described, and what is defined is at once.
func TestDescription(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	a := s.send(t, "GET", "/api/v1/openapi.json", s.owner, "").want(200)
	got := indent(t, a.text) + "\n"
	if *update {
		if err := os.WriteFile("testdata/openapi.json", []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the document changed: make golden writes it anew; review the difference")
	}
	const label = `"label":{"en":"Car","zh":"车"}`
	s.send(t, "POST", "/api/v1/objects", s.owner, `{"name":"car",`+label+`,"plural":{"en":"Cars","zh":"车"},"title":["code"],"fields":[{"name":"code","type":"text","class":"internal",`+label+`}]}`).want(201)
	if a := s.send(t, "GET", "/api/v1/openapi.json", s.owner, ""); a.str("components/schemas/write_car/properties/code/type/0") != "string" {
		t.Error("an object that was defined is not described")
	}
	s.send(t, "POST", "/api/v1/records/car", s.owner, `{"fields":{"code":"B1"}}`).want(201)
	narrow := s.send(t, "GET", "/api/v1/openapi.json", s.token(t, s.Owner, "task:*"), "").want(200)
	if strings.Contains(narrow.text, "record_company") || strings.Contains(narrow.text, "identity_number") || !strings.Contains(narrow.text, "record_task") {
		t.Error("the description tells of what a narrow token may not see")
	}
}

// A test of the test: what is not described is noticed.
func TestContractNotices(t *testing.T) {
	t.Parallel()
	w := doortest.New(t, sqldb.SQLite)
	s := siteOf(t, w)
	good := s.send(t, "GET", "/api/v1/records/company/"+s.Make(t, "company", door.Values{"name": "A"}).String(), s.owner, "").want(200)
	d := describe(t, must(t)(w.As(w.Owner).Objects(context.Background())))
	record := d.schema(t, "components", "schemas", "record")
	for name, change := range map[string]func(m map[string]any){
		"as it is":                 func(map[string]any) {},
		"another member":           func(m map[string]any) { m["more"] = 1 },
		"another field":            func(m map[string]any) { m["fields"].(map[string]any)["nosuch"] = "x" },
		"a member that is away":    func(m map[string]any) { delete(m, "can") },
		"a number for a text":      func(m map[string]any) { m["fields"].(map[string]any)["name"] = 1 },
		"a text for an object":     func(m map[string]any) { m["can"] = "all" },
		"a record of no object":    func(m map[string]any) { m["object"] = "nosuch" },
		"an identifier that is no": func(m map[string]any) { m["id"] = "x" },
	} {
		var m map[string]any
		if err := json.Unmarshal([]byte(good.text), &m); err != nil {
			t.Fatal(err)
		}
		change(m)
		if err := record.Validate(maps.Clone(m)); (err == nil) != (name == "as it is") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func must(t *testing.T) func([]door.ObjectInfo, error) []door.ObjectInfo {
	return func(list []door.ObjectInfo, err error) []door.ObjectInfo {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
}
