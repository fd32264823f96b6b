package api

import (
	"maps"
	"net/http"

	"github.com/wardbook/wardbook/internal/transfer"
)

// shape is what a route takes and answers, for the description of the API. A route without its shape,
// and an answer that is not as its shape says, fail a test.
type shape struct {
	name   string // operationId
	tag    string
	body   js     // of the request; nil for none
	loose  bool   // the body may be left out
	form   bool   // the body is multipart/form-data
	raw    bool   // the body is a file
	status int    // of success; 0 means 200
	later  bool   // or 202, where it goes on in the background
	answer js     // nil for none
	media  string // of the answer, several with spaces between them; "" means JSON
	once   bool   // answers once, and then 409
	hides  bool   // refuses what is masked, or another may do, with 403
	needs  string // "match" takes If-Match, "repeat" Idempotency-Key, "name" Content-Disposition; with spaces between them
	person bool   // takes the session of a person who signed in
	events js     // the data of a stream's events, by their names
}

// shapes tells each route's shape, by method and path.
func shapes() map[string]shape {
	const v = "/api/v1"
	record, fields := ref("record"), structure(map[string]js{"fields": ref("write")})
	all := fileShapes()
	maps.Copy(all, map[string]shape{
		"GET " + v + "/me":                                {name: "getMe", tag: "you", answer: ref("me")},
		"GET " + v + "/openapi.json":                      {name: "getDescription", tag: "you", answer: js{"type": "object", "required": []string{"openapi", "info", "paths", "components"}}},
		"GET " + v + "/objects":                           {name: "listObjects", tag: "structure", answer: structure(map[string]js{"objects": many(ref("object"), 500)})},
		"GET " + v + "/objects/{object}":                  {name: "getObject", tag: "structure", answer: ref("object")},
		"GET " + v + "/definitions":                       {name: "listDefinitions", tag: "structure", answer: structure(map[string]js{"objects": many(ref("definition"), 500)}), hides: true},
		"POST " + v + "/objects":                          {name: "defineObject", tag: "structure", body: ref("objectInput"), status: http.StatusCreated, answer: ref("defined"), needs: "repeat"},
		"PATCH " + v + "/objects/{object}":                {name: "changeObject", tag: "structure", body: ref("objectPatch"), answer: ref("defined")},
		"POST " + v + "/objects/{object}/fields":          {name: "addField", tag: "structure", body: ref("fieldInput"), status: http.StatusCreated, answer: ref("defined"), needs: "repeat"},
		"PATCH " + v + "/objects/{object}/fields/{field}": {name: "changeField", tag: "structure", body: ref("fieldPatch"), answer: ref("defined")},
		"GET " + v + "/records/{object}":                  {name: "listRecords", tag: "records", answer: ref("page")},
		"POST " + v + "/records/{object}":                 {name: "createRecord", tag: "records", body: fields, status: http.StatusCreated, answer: record, needs: "repeat"},
		"GET " + v + "/records/{object}/{id}":             {name: "getRecord", tag: "records", answer: record},
		"PATCH " + v + "/records/{object}/{id}":           {name: "updateRecord", tag: "records", body: fields, answer: record, needs: "match"},
		"DELETE " + v + "/records/{object}/{id}":          {name: "deleteRecord", tag: "records", status: http.StatusNoContent, needs: "match"},
		"POST " + v + "/records/{object}/{id}/restore": {
			name: "restoreRecord", tag: "records", loose: true, answer: record,
			body: structure(map[string]js{"version": about(whole(0, maxCount), "give a living record the values of this version")}, "version"),
		},
		"GET " + v + "/records/{object}/{id}/history": {name: "getHistory", tag: "records", answer: structure(map[string]js{"changes": many(ref("change"), 200), "next_cursor": text(20)})},
		"GET " + filesPath:    {name: "getFile", tag: "records", answer: file(maxContent), media: fileMedia, hides: true},
		"PUT " + filesPath:    {name: "putFile", tag: "records", raw: true, body: file(maxContent), answer: record, needs: "match name"},
		"DELETE " + filesPath: {name: "emptyFile", tag: "records", answer: record, needs: "match"},
		"POST " + v + "/records/{object}/{id}/reveal": {
			name: "revealField", tag: "records", body: structure(map[string]js{"field": word(), "purpose": text(500)}),
			answer: structure(map[string]js{"value": anything(), "expires_at": about(moment8601(), "mask it again then")}),
		},
		"GET " + v + "/search": {name: "search", tag: "records", answer: structure(map[string]js{"groups": many(ref("groupFound"), 500)})},
		"GET " + v + "/status": {name: "getStatus", tag: "you", answer: structure(map[string]js{
			"search": structure(map[string]js{"missing": about(count(), "entries of the journal that cannot be found by yet"), "rebuilding": flag()}),
		})},
		"POST " + v + "/aggregate/{object}": {name: "aggregateRecords", tag: "records", body: ref("aggregation"), answer: ref("table")},
		"POST " + v + "/batch":              {name: "runBatch", tag: "changes", body: ref("batch"), answer: ref("batchAnswer"), needs: "repeat"},
		"GET " + v + "/changesets":          {name: "listChangeSets", tag: "changes", answer: structure(map[string]js{"changesets": many(record, 500), "next_cursor": text(8192)})},
		"GET " + v + "/changesets/{id}":     {name: "getChangeSet", tag: "changes", answer: structure(map[string]js{"changeset": record, "changes": many(ref("entry"), 200), "next_cursor": text(20)})},
		"POST " + v + "/changesets/{id}/undo": {
			name: "undoChangeSet", tag: "changes", loose: true, body: structure(map[string]js{"dry_run": flag(), "skip_conflicts": flag()}, "dry_run", "skip_conflicts"),
			answer: structure(map[string]js{"changeset": noIdent(), "changed": count(), "conflicts": many(ref("conflict"), 100)}),
		},
		"POST " + v + "/session": {
			name: "signIn", tag: "you", answer: ref("session"),
			body: structure(map[string]js{"email": text(320), "password": text(1024), "code": text(20)}, "code"),
		},
		"GET " + v + "/session":                {name: "getSession", tag: "you", answer: ref("session")},
		"PATCH " + v + "/session":              {name: "changeSession", tag: "you", body: ref("preferences"), answer: ref("session"), person: true},
		"DELETE " + v + "/session":             {name: "signOut", tag: "you", status: http.StatusNoContent, person: true},
		"GET " + v + "/sessions":               {name: "listSessions", tag: "you", answer: structure(map[string]js{"sessions": many(ref("openSession"), 1000)}), person: true},
		"DELETE " + v + "/sessions/{id}":       {name: "endSession", tag: "you", status: http.StatusNoContent, person: true},
		"POST " + v + "/password":              {name: "changePassword", tag: "you", body: structure(map[string]js{"old": text(1024), "password": text(1024)}), answer: ref("session"), person: true},
		"POST " + v + "/users/{id}/invitation": {name: "invite", tag: "you", status: http.StatusCreated, answer: structure(map[string]js{"token": text(200), "path": text(220), "expires_at": moment8601()}), person: true},
		"POST " + v + "/invitation":            {name: "acceptInvitation", tag: "you", status: http.StatusNoContent, body: structure(map[string]js{"token": text(200), "email": text(320), "password": text(1024)})},
		"GET " + v + "/tokens":                 {name: "listTokens", tag: "you", answer: structure(map[string]js{"tokens": many(ref("apiToken"), 1000)}), person: true},
		"POST " + v + "/tokens": {
			name: "issueToken", tag: "you", status: http.StatusCreated, answer: ref("apiToken"), person: true,
			body: structure(map[string]js{"name": text(200), "scopes": many(text(100), 100), "days": whole(1, 3660)}, "days"),
		},
		"DELETE " + v + "/tokens/{id}": {name: "revokeToken", tag: "you", status: http.StatusNoContent, person: true},
	})
	all["GET "+v+"/records/{object}/{id}/why"] = shape{name: "explainRights", tag: "records", answer: ref("why")}
	maps.Copy(all, journalShapes())
	return all
}

// fileShapes are those of exports and imports.
func fileShapes() map[string]shape {
	const v = "/api/v1"
	return map[string]shape{
		"POST " + v + "/exports":          {name: "prepareExport", tag: "files", body: ref("exportInput"), status: http.StatusCreated, answer: ref("export"), needs: "repeat"},
		"GET " + v + "/exports/{id}":      {name: "getExport", tag: "files", answer: ref("export")},
		"GET " + v + "/exports/{id}/file": {name: "fetchExport", tag: "files", answer: file(maxUpload), media: exportMedia, once: true},
		"POST " + v + "/imports": {
			name: "sendImport", tag: "files", form: true, status: http.StatusCreated, answer: ref("import"),
			body: structure(map[string]js{
				"object": word(), "plan": ref("importPlan"), "sheet": text(100), "encoding": encoding(), "delimiter": text(1), "like": ident(), "file": file(maxUpload),
			}, "plan", "sheet", "encoding", "delimiter", "like"),
		},
		"PATCH " + v + "/imports/{id}": {
			name: "rereadImport", tag: "files", answer: ref("import"),
			body: structure(map[string]js{"plan": ref("importPlan"), "sheet": text(100), "encoding": encoding(), "delimiter": text(1)}, "plan", "sheet", "encoding", "delimiter"),
		},
		"GET " + v + "/imports/{id}":    {name: "getImport", tag: "files", answer: ref("import")},
		"DELETE " + v + "/imports/{id}": {name: "dropImport", tag: "files", status: http.StatusNoContent},
		"POST " + v + "/imports/{id}/run": {
			name: "runImport", tag: "files", loose: true, later: true, answer: ref("import"), body: structure(map[string]js{"plan": ref("importPlan"), "dry_run": flag()}, "plan", "dry_run"),
		},
		"GET " + v + "/imports/{id}/errors.csv": {name: "getImportErrors", tag: "files", answer: file(maxUpload), media: "text/csv", once: true},
	}
}

// journalShapes are those of what happened, and happens.
func journalShapes() map[string]shape {
	const v = "/api/v1"
	return map[string]shape{
		"GET " + v + "/changes": {
			name: "followChanges", tag: "changes", media: eventStream, answer: about(text(maxText), "events, each with the lines id, event and data (JSON), for as long as the caller stays"),
			events: js{"change": ref("changeEvent"), "reset": ref("resetEvent")},
		},
		"GET " + v + "/journal":            {name: "listEntries", tag: "journal", answer: structure(map[string]js{"entries": many(ref("entry"), 500), "next_cursor": text(20)})},
		"GET " + v + "/journal/checkpoint": {name: "getCheckpoint", tag: "journal", answer: structure(map[string]js{"checkpoint": about(text(4096), "a C2SP signed checkpoint")})},
		"GET " + v + "/journal/proof": {name: "proveEntry", tag: "journal", answer: structure(map[string]js{
			"entry": ref("entry"), "body": about(text(maxText), "the entry as it is hashed, in base64"), "checkpoint": text(4096), "hashes": many(text(60), 64),
		})},
	}
}

// exportMedia are the media types of exported files.
const exportMedia = "text/csv application/json application/x-ndjson text/vcard application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// fileMedia are the media types of what a file or image field holds: pictures, and everything else.
const fileMedia = "application/octet-stream image/gif image/jpeg image/png image/webp"

// encoding is how a text file may be told to be written.
func encoding() js { return oneOf(append([]string{""}, transfer.Encodings()...)...) }

// tags are the chapters of the description.
func tags() []js {
	return []js{
		{"name": "changes", "description": "Changes done as one, and taking them back"},
		{"name": "files", "description": "Records into files, and files into records"},
		{"name": "journal", "description": "What was done, and proofs of it"},
		{"name": "records", "description": "Records of every object"},
		{"name": "structure", "description": "Objects and fields"},
		{"name": "you", "description": "The caller, and what it may see"},
	}
}

// parameters tells what the query parameters take.
func parameters() map[string]js {
	cursor := about(text(8192), "next_cursor of the page before")
	return map[string]js{
		"filter":  about(text(10_000), "a condition in CEL"),
		"search":  about(text(500), "words, or parts of them, all of which a record holds"),
		"sort":    about(text(200), "up to 4 fields, - before a name for the greatest first"),
		"fields":  about(text(10_000), "names of fields, or paths such as company.name"),
		"limit":   about(js{"type": "integer", "format": "int32", "minimum": 1, "maximum": 500, "default": 50}, "how many, at most"),
		"cursor":  cursor,
		"count":   about(flag(), "also count, up to a cap"),
		"as_of":   about(moment8601(), "as it was at a moment"),
		"dry_run": about(flag(), "only check, and answer what the definition would be"),
		"deleted": about(flag(), "the bin; needs the right to delete"),
		"q":       about(text(500), "words, or parts of them, all of which a record holds"),
		"entry":   about(ident(), "the identifier of an entry"),
		"after":   about(whole(0, maxCount), "the id of the last event that the caller has; the header Last-Event-ID goes before it"),
		"user":    about(ident(), "somebody else, whom you may change"),
	}
}
