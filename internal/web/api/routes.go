package api

import "strings"

// Route is one call of the API. docs/api.md is generated from what stands here.
type Route struct {
	Method string
	Path   string
	About  string
	Query  string // names of the query parameters, with spaces between them
	Large  bool   // takes a body of up to 10 MB instead of 1 MB

	handle handler
}

func (r Route) limit() int64 {
	switch r.Method + " " + r.Path {
	case "POST " + importsPath:
		return maxUpload
	case "PUT " + filesPath:
		return maxContent
	}
	if r.Large {
		return maxBatch
	}
	return maxBody
}

// long reports whether the call may take minutes: undoing an import is as much work as the import.
func (r Route) long() bool { return strings.HasSuffix(r.Path, "/undo") }

// Routes is the table of contents of the API.
func Routes() []Route {
	const v = "/api/v1"
	return []Route{
		{"POST", v + "/session", "sign in: email, password", "", false, signIn},
		{"GET", v + "/session", "who you are, and the csrf value", "", false, whoAmI},
		{"PATCH", v + "/session", "how Wardbook shows itself to you: locale, timezone, theme", "", false, prefer},
		{"DELETE", v + "/session", "sign out", "", false, signOut},
		{"GET", v + "/sessions", "your sessions; user: another's", "user", false, listSessions},
		{"DELETE", v + "/sessions/{id}", "end a session", "", false, endSession},
		{"POST", v + "/password", "change your password: old, password", "", false, changePassword},
		{"POST", v + "/users/{id}/invitation", "let a person set a password, once", "", false, invite},
		{"POST", v + "/invitation", "set a password: token, email, password", "", false, acceptInvitation},
		{"GET", v + "/tokens", "your API tokens; user: another's", "user", false, listTokens},
		{"POST", v + "/tokens", "make an API token: name, scopes, days", "", false, issueToken},
		{"DELETE", v + "/tokens/{id}", "revoke an API token", "", false, revokeToken},
		{"GET", v + "/me", "who the token acts for", "", false, me},
		{"GET", v + "/openapi.json", "this API as an OpenAPI 3.1 document, with your objects and fields", "", false, description},
		{"GET", v + "/status", "how far behind search is", "", false, status},
		{"GET", v + "/objects", "the objects that you may use", "", false, objects},
		{"GET", v + "/objects/{object}", "one object, its fields and what you may do", "", false, object},
		{"GET", v + "/definitions", "the structure of all objects, hidden ones too, for who may change it", "", false, definitions},
		{"POST", v + "/objects", "make a custom object; dry_run only checks", "dry_run", false, defineObject},
		{"PATCH", v + "/objects/{object}", "change an object: name, labels, title; hide a custom one; dry_run only checks", "dry_run", false, changeObject},
		{"POST", v + "/objects/{object}/fields", "add a custom field; dry_run only checks", "dry_run", false, addField},
		{"PATCH", v + "/objects/{object}/fields/{field}", "change a field: name, label, options, required, …; hide a custom one; dry_run only checks", "dry_run", false, changeField},
		{"GET", v + "/records/{object}", "a list: filter, sort, fields, limit, cursor, count, as_of, deleted", "filter search sort fields limit cursor count as_of deleted", false, listRecords},
		{"POST", v + "/records/{object}", "make a record", "", false, createRecord},
		{"GET", v + "/records/{object}/{id}", "one record, now or as_of", "fields as_of", false, getRecord},
		{"GET", v + "/records/{object}/{id}/why", "by which of your grants you see a record, and what you may do", "", false, why},
		{"PATCH", v + "/records/{object}/{id}", "change fields; If-Match: version", "", false, updateRecord},
		{"DELETE", v + "/records/{object}/{id}", "put into the bin; If-Match: version", "", false, deleteRecord},
		{"POST", v + "/records/{object}/{id}/restore", "take out of the bin, or back to a version", "", false, restoreRecord},
		{"GET", v + "/records/{object}/{id}/history", "what changed, when and by whom", "cursor", false, history},
		{"PUT", filesPath, "put a file into a file or image field, as the body; If-Match: version", "", false, putFile},
		{"GET", filesPath, "what a file or image field holds", "", false, getFile},
		{"DELETE", filesPath, "empty the field; If-Match: version", "", false, emptyFile},
		{"POST", v + "/records/{object}/{id}/reveal", "show a masked field, for a purpose", "", false, reveal},
		{"GET", v + "/search", "find records of every object: q, limit of each object", "q limit", false, search},
		{"POST", v + "/aggregate/{object}", "numbers about groups of records", "", false, aggregate},
		{"POST", v + "/batch", "several changes as one, or none", "", true, batch},
		{"GET", v + "/changesets", "what was done as one", "filter limit cursor", false, changeSets},
		{"GET", v + "/changesets/{id}", "one change set with its changes", "cursor", false, changeSet},
		{"POST", v + "/changesets/{id}/undo", "take a change set back", "", false, undo},
		{"POST", v + "/exports", "prepare an export, for a purpose", "", false, prepareExport},
		{"GET", v + "/exports/{id}", "how far an export of yours came", "", false, exportState},
		{"GET", v + "/exports/{id}/file", "its file, once", "", false, exportFile},
		{"POST", importsPath, "send a file to import (multipart: object, then plan, sheet, encoding, delimiter and like as wanted, then file), and see what would happen", "", false, keepImport},
		{"GET", importsPath + "/{id}", "how far an import is, and what it did", "", false, getImport},
		{"PATCH", importsPath + "/{id}", "read a file that waits in another way: plan, sheet, encoding, delimiter; and see what would happen", "", false, rereadImport},
		{"DELETE", importsPath + "/{id}", "take a file back", "", false, dropImport},
		{"POST", importsPath + "/{id}/run", "import a file, or with dry_run try all of it", "", false, runImport},
		{"GET", importsPath + "/{id}/errors.csv", "the rows that were wrong, with what is wrong", "", false, importErrors},
		{"GET", v + "/changes", "what happens to the records that you may see, as server-sent events; after: the last event that you have", "after", false, changes},
		{"GET", v + "/journal", "entries, newest first: filter, limit, cursor", "filter limit cursor", false, journalEntries},
		{"GET", v + "/journal/checkpoint", "the newest signed checkpoint", "", false, checkpoint},
		{"GET", v + "/journal/proof", "proof that an entry is in the log: entry", "entry", false, proof},
	}
}
