package api

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

func description(_ *API, c *call) (reply, error) {
	list, err := c.session.Objects(c.ctx)
	if err != nil {
		return reply{}, err
	}
	return reply{body: Describe(list)}, nil
}

// Describe makes the OpenAPI 3.1 document of the routes and of the objects that somebody may use, those
// that the organisation defined included.
func Describe(objects []door.ObjectInfo) map[string]any {
	all := components()
	var records, writes []js
	for _, x := range objects {
		name := x.Object.Name
		all["record_"+name], all["write_"+name] = recordSchema(x), writeSchema(x)
		records, writes = append(records, ref("record_"+name)), append(writes, ref("write_"+name))
	}
	// A write to an object that the caller may not use names fields that are not described.
	all["write"] = js{"type": "object", "maxProperties": schema.MaxFields, "description": "the fields to set, by name"}
	all["record"] = recordBase(js{"type": "string", "maxLength": 40}, js{"type": "object", "maxProperties": schema.MaxFields})
	if len(records) > 0 {
		all["record"] = js{"oneOf": records, "discriminator": js{"propertyName": "object", "mapping": mapping(objects)}}
		all["write"] = js{"anyOf": writes, "description": "the fields to set, of the object in the address"}
	}
	return map[string]any{
		"openapi": "3.1.0",
		"info": js{
			"title": "Wardbook", "version": "1", "license": js{"name": "Apache 2.0", "identifier": "Apache-2.0"},
			"contact":     js{"name": "Whoever runs this Wardbook"},
			"description": "Records of customers, and everything about them. What you may not see is not described, and looks absent. docs/api.md says more.",
		},
		"servers":    []js{{"url": "/", "description": "production: this server", "x-internal": false}},
		"tags":       tags(),
		"security":   []js{{"token": []string{}}, {"session": []string{}}},
		"paths":      paths(),
		"components": js{"schemas": all, "responses": problems(), "headers": headers(), "securitySchemes": js{"token": js{"type": "http", "scheme": "bearer", "description": "an API token, wb_…"}, "session": js{"type": "apiKey", "in": "cookie", "name": cookieName, "description": "the session of a person who signed in"}}},
	}
}

// Described lists what has a shape, as "METHOD path".
func Described() []string { return slices.Sorted(maps.Keys(shapes())) }

func mapping(objects []door.ObjectInfo) map[string]string {
	m := map[string]string{}
	for _, x := range objects {
		m[x.Object.Name] = "#/components/schemas/record_" + x.Object.Name
	}
	return m
}

func paths() map[string]js {
	all, list := shapes(), map[string]js{}
	for _, r := range Routes() {
		if list[r.Path] == nil {
			list[r.Path] = js{}
		}
		list[r.Path][strings.ToLower(r.Method)] = operationOf(r, all[r.Method+" "+r.Path])
	}
	return list
}

func operationOf(r Route, s shape) js {
	op := js{
		"operationId": s.name, "tags": []string{s.tag}, "summary": r.About, "description": strings.ToUpper(r.About[:1]) + r.About[1:] + ".",
		"parameters": parametersOf(r, s), "responses": responsesOf(r, s),
	}
	if r.Open() {
		op["security"] = []js{}
	}
	if s.body != nil {
		media := "application/json"
		switch {
		case s.form:
			media = "multipart/form-data"
		case s.raw:
			media = "application/octet-stream"
		}
		op["requestBody"] = js{"required": !s.loose, "content": js{media: js{"schema": s.body}}}
	}
	return op
}

func parametersOf(r Route, s shape) []js {
	list, known := []js{}, parameters()
	for _, part := range strings.Split(r.Path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			name = strings.TrimSuffix(name, "}")
			what := word()
			if name == "id" {
				what = ident()
			}
			list = append(list, js{"name": name, "in": "path", "required": true, "schema": what})
		}
	}
	for _, name := range strings.Fields(r.Query) {
		list = append(list, js{"name": name, "in": "query", "schema": known[name], "description": known[name]["description"], "required": name == "entry" || name == "q"})
	}
	if s.takes("match") {
		list = append(list, js{"name": "If-Match", "in": "header", "description": "the ETag that the record was read with", "schema": text(60)})
	}
	if s.takes("repeat") {
		list = append(list, js{"name": "Idempotency-Key", "in": "header", "description": "names the request, so that it can be sent again", "schema": text(255)})
	}
	if s.takes("name") {
		list = append(list, js{"name": "Content-Disposition", "in": "header", "description": "the name of the file: attachment; filename*=UTF-8''NAME, percent-encoded (RFC 6266)", "schema": text(4096)})
	}
	return list
}

func responsesOf(r Route, s shape) js {
	status := s.status
	if status == 0 {
		status = http.StatusOK
	}
	good := js{"description": http.StatusText(status), "headers": rateHeaders()}
	if s.answer != nil {
		content := js{}
		for _, media := range strings.Fields(cmp.Or(s.media, "application/json")) {
			content[media] = js{"schema": s.answer}
			if s.events != nil { // OpenAPI 3.1 has no word for them
				content[media] = js{"schema": s.answer, "x-events": s.events}
			}
		}
		good["content"] = content
	}
	all := js{strconv.Itoa(status): good}
	if strings.Contains(r.Query, "dry_run") { // nothing is made then
		all["200"] = good
	}
	if s.later {
		all["202"] = good
	}
	for _, code := range refusals(r, s) {
		all[strconv.Itoa(code)] = js{"$ref": "#/components/responses/" + strconv.Itoa(code)}
	}
	return all
}

func (s shape) takes(what string) bool { return slices.Contains(strings.Fields(s.needs), what) }

// refusals lists the statuses with which a route may refuse.
func refusals(r Route, s shape) []int {
	list := []int{400, 401, 404, 422, 429, 500, 503}
	if r.Method != http.MethodGet {
		list = append(list, 403, 409, 413)
	}
	if s.once {
		list = append(list, 409)
	}
	if s.takes("match") {
		list = append(list, 412)
	}
	if r.Method == http.MethodGet && (s.person || s.hides) {
		list = append(list, 403)
	}
	slices.Sort(list)
	return list
}

// problems are the answers to what is refused.
func problems() js {
	all := js{}
	for _, code := range []int{400, 401, 403, 404, 409, 412, 413, 422, 429, 500, 503} {
		h := rateHeaders()
		if code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable {
			h["Retry-After"] = js{"$ref": "#/components/headers/Retry-After"}
		}
		all[strconv.Itoa(code)] = js{"description": http.StatusText(code), "headers": h, "content": js{"application/problem+json": js{"schema": ref("problem")}}}
	}
	return all
}

func rateHeaders() js {
	return js{
		"RateLimit": js{"$ref": "#/components/headers/RateLimit"}, "RateLimit-Policy": js{"$ref": "#/components/headers/RateLimit-Policy"},
		"X-Request-Id": js{"$ref": "#/components/headers/X-Request-Id"},
	}
}

func headers() js {
	return js{
		"RateLimit":        js{"description": "how many calls are left, and in how many seconds all are (draft-ietf-httpapi-ratelimit-headers); once the caller is known", "schema": text(60)},
		"RateLimit-Policy": js{"description": "how many calls a caller may make in how many seconds", "schema": text(60)},
		"Retry-After":      js{"description": "seconds to wait", "schema": js{"type": "integer", "format": "int32", "minimum": 1, "maximum": 3600}},
		"X-Request-Id":     js{"description": "the request's identifier, in the journal too", "schema": ident()},
	}
}

// recordBase is a record whose fields are as given.
func recordBase(object, fields js) js {
	return js{
		"type": "object", "required": []string{"id", "object", "version", "fields", "can"},
		"properties": map[string]js{
			"id": ident(), "object": object, "version": count(), "fields": fields, "can": ref("can"), "erased": about(flag(), "its personal values went with the person's keys"),
		},
	}
}

// recordSchema describes a record as the caller reads it. Every field may be missing, because a caller
// can name those that it wants, and paths read through links.
func recordSchema(x door.ObjectInfo) js {
	props := map[string]js{}
	for _, f := range x.Fields {
		if s := valueSchema(f.Field, f.Access == policy.Masked); f.Access != policy.Hidden && s != nil {
			props[f.Field.Name] = s
		}
	}
	return recordBase(js{"const": x.Object.Name}, js{
		"type": "object", "properties": props, "patternProperties": js{`^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$`: js{}},
		"additionalProperties": false, "maxProperties": schema.MaxFields,
	})
}

// writeSchema describes the fields that the caller may set.
func writeSchema(x door.ObjectInfo) js {
	props := map[string]js{}
	for _, f := range x.Fields {
		if editable(f) {
			props[f.Field.Name] = valueSchema(f.Field, false)
			if props[f.Field.Name] == nil {
				props[f.Field.Name] = orNull(text(4096)) // a credential: written and never read
			}
		}
	}
	return js{"type": "object", "properties": props, "maxProperties": schema.MaxFields, "description": x.Object.Label.En}
}
