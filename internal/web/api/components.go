package api

import "github.com/wardbook/wardbook/internal/fault"

// components are the schemas that the organisation's structure does not change.
func components() map[string]js {
	label := ref("label")
	can := structure(map[string]js{"update": flag(), "delete": flag()})
	all := map[string]js{
		"label": about(structure(map[string]js{"en": text(500), "zh": text(500)}), "a text in English and Chinese"),
		"can":   about(can, "what the caller may do to the record"),
		"me": structure(map[string]js{
			"user": structure(map[string]js{"id": noIdent(), "name": text(255)}), "roles": many(ident(), 200), "locale": text(20), "can": flags(10),
		}),
		"session": structure(map[string]js{
			"user": structure(map[string]js{"id": noIdent(), "name": text(255)}), "roles": many(ident(), 200), "locale": text(20), "can": flags(10),
			"timezone": text(60), "theme": oneOf("auto", "light", "dark"), "csrf": about(text(100), "to be sent as X-CSRF-Token with what changes something; empty for a token"), "session": ident(), "expires_at": moment8601(),
		}, "session", "expires_at"),
		"preferences": structure(map[string]js{
			"locale": oneOf("en", "zh_cn"), "timezone": about(text(60), "a name such as Europe/Berlin"), "theme": about(oneOf("auto", "light", "dark"), "auto follows the system"),
		}, "locale", "timezone", "theme"),
		"openSession": structure(map[string]js{
			"id": ident(), "client": text(500), "created_at": moment8601(), "used_at": moment8601(), "expires_at": moment8601(), "current": flag(),
		}),
		"apiToken": structure(map[string]js{
			"id": ident(), "name": text(200), "scopes": many(text(100), 100), "created_at": moment8601(), "expires_at": moment8601(), "used_at": moment8601(),
			"token": about(text(200), "its text, shown once"),
		}, "used_at", "token"),
		"page": structure(map[string]js{
			"records": many(ref("record"), 500), "next_cursor": about(text(8192), "empty on the last page"), "count": whole(0, 1_000_000), "count_capped": about(flag(), "there are more than count"),
		}, "count", "count_capped"),
		"fieldChange": structure(map[string]js{"field": word(), "old": anything(), "new": anything()}),
		"change": structure(map[string]js{
			"seq": count(), "time": moment8601(), "actor": noIdent(), "via": word(), "verb": word(), "version": count(), "changeset": noIdent(),
			"erased": about(flag(), "the values went with the person's keys"), "fields": {"type": []string{"array", "null"}, "items": ref("fieldChange"), "maxItems": 500},
		}, "erased"),
		"entry": structure(map[string]js{
			"seq": count(), "id": ident(), "time": moment8601(), "actor": noIdent(), "app": noIdent(), "via": word(), "verb": word(), "object": word(), "record": noIdent(),
			"version": count(), "changeset": noIdent(), "decision": oneOf("allow", "deny", "held"), "reason": text(500), "request_id": noIdent(), "count": count(),
		}),
		"changeEvent": about(structure(map[string]js{
			"seq": about(count(), "the event's id: the number of its entry in the journal"), "time": moment8601(), "object": word(), "record": ident(),
			"verb": oneOf("create", "update", "delete", "restore"), "version": count(), "changeset": ident(),
		}), "a record that the caller may see has changed; it holds no value: read the record"),
		"resetEvent": about(structure(map[string]js{}), "changes are missing: read everything anew"),
		"conflict":   structure(map[string]js{"object": word(), "id": ident(), "fields": {"type": []string{"array", "null"}, "items": word(), "maxItems": 500}}),
	}
	for _, part := range []map[string]js{problemParts(), structureParts(label), tableParts(), batchParts(), fileParts(), searchParts(label), rightsParts()} {
		for name, s := range part {
			all[name] = s
		}
	}
	return all
}

func problemParts() map[string]js {
	kinds := []string{}
	for _, k := range []fault.Kind{fault.Invalid, fault.Unauthenticated, fault.Forbidden, fault.NotFound, fault.Conflict, fault.Stale, fault.Held, fault.TooLarge, fault.TooMany, fault.Internal, fault.Unavailable} {
		kinds = append(kinds, string(k))
	}
	return map[string]js{
		"fieldProblem": structure(map[string]js{"field": text(100), "reason": word(), "message": text(2000), "row": about(whole(1, 1_000_000), "of a file, or operation of a batch")}, "row"),
		"problem": about(structure(map[string]js{
			"type": {"const": "about:blank"}, "title": text(100), "status": {"type": "integer", "format": "int32", "minimum": 400, "maximum": 599}, "detail": text(2000),
			"code": oneOf(kinds...), "reason": word(), "errors": many(ref("fieldProblem"), 1000), "request_id": noIdent(),
		}, "errors"), "an error (RFC 9457)"),
	}
}

func structureParts(label js) map[string]js {
	option := structure(map[string]js{"key": word(), "label": label, "color": text(20), "archived": flag()}, "color", "archived")
	limits := func() map[string]js {
		return map[string]js{
			"name": word(), "type": word(), "class": oneOf("public", "internal", "personal", "restricted", "secret"), "label": label, "help": label, "required": flag(), "unique": flag(),
			"options": many(ref("option"), 5000), "target": many(word(), 500), "max": whole(0, maxText), "digits": whole(0, 4), "default": text(255), "currency": text(3),
			"formula": text(10_000), "result": word(), "pattern": text(255), "rollup": ref("rollup"),
		}
	}
	return map[string]js{
		"option": option,
		"field": structure(map[string]js{
			"name": word(), "type": word(), "class": oneOf("public", "internal", "personal", "restricted", "secret"), "label": label, "help": label, "required": flag(),
			"read_only": flag(), "unique": flag(), "options": many(ref("option"), 5000), "target": many(word(), 500), "can": flags(10),
			"max": whole(0, maxText), "digits": whole(0, 4), "default": text(255), "currency": text(3), "pattern": text(255), "formula": text(10_000), "rollup": ref("rollup"), "result": word(),
		}, "help", "options", "target", "max", "digits", "default", "currency", "pattern", "formula", "rollup", "result"),
		"rollup": structure(map[string]js{"object": word(), "through": word(), "op": oneOf("count", "sum", "min", "max", "avg"), "field": word(), "filter": text(10_000)}, "field", "filter"),
		"object": structure(map[string]js{
			"name": word(), "label": label, "plural": label, "title": many(word(), 10), "custom": flag(), "fields": many(ref("field"), 500), "actions": many(word(), 100), "can": flags(10),
		}),
		"defined": {
			"description": "the object as the caller sees it, or its names for who may not use it; of a dry run, the definition as it would be",
			"anyOf":       []js{ref("object"), ref("definition"), structure(map[string]js{"name": word(), "label": label, "plural": label})},
		},
		"definition": structure(map[string]js{
			"name": word(), "label": label, "plural": label, "title": many(word(), 10), "custom": flag(), "archived": flag(), "written": about(flag(), "by the program only"),
			"fields":  many(ref("definedField"), 600),
			"sealing": about(structure(map[string]js{"done": count()}), "what is stored is being sealed: so many records so far"),
		}, "sealing"),
		"definedField": structure(map[string]js{
			"name": word(), "type": word(), "class": oneOf("public", "internal", "personal", "restricted", "secret"), "label": label, "help": label, "required": flag(),
			"custom": about(flag(), "people added it"), "system": about(flag(), "on every object"), "archived": flag(),
			"read_only": flag(), "unique": flag(), "options": many(ref("option"), 5000), "target": many(word(), 500),
			"max": whole(0, maxText), "digits": whole(0, 4), "default": text(255), "currency": text(3), "pattern": text(255), "formula": text(10_000), "rollup": ref("rollup"), "result": word(),
		}, "help", "options", "target", "max", "digits", "default", "currency", "pattern", "formula", "rollup", "result"),
		"fieldInput": structure(limits(), "help", "required", "unique", "options", "target", "max", "digits", "default", "currency", "formula", "result", "pattern", "rollup"),
		"fieldPatch": structure(map[string]js{
			"name": word(), "label": label, "help": label, "required": flag(), "unique": flag(), "archived": flag(), "class": oneOf("public", "internal", "personal", "restricted", "secret"),
			"max": whole(0, maxText), "digits": whole(0, 4), "default": text(255), "currency": text(3), "pattern": text(255), "formula": text(10_000), "rollup": ref("rollup"), "options": many(ref("option"), 5000),
		}, "name", "label", "help", "required", "unique", "archived", "class", "max", "digits", "default", "currency", "pattern", "formula", "rollup", "options"),
		"objectInput": structure(map[string]js{
			"name": word(), "label": label, "plural": label, "title": many(word(), 10), "subject": word(), "fields": many(ref("fieldInput"), 500), "indexes": many(many(word(), 10), 20),
		}, "subject", "indexes"),
		"objectPatch": structure(map[string]js{"name": word(), "label": label, "plural": label, "title": many(word(), 10), "archived": flag()}, "name", "label", "plural", "title", "archived"),
	}
}

// fileParts describes imports and exports.
func fileParts() map[string]js {
	layout := structure(map[string]js{"heading": oneOf("name", "en", "zh"), "zone": oneOf("utc", "mine"), "money": oneOf("one", "two")}, "heading", "zone", "money")
	asked := func() map[string]js {
		return map[string]js{
			"object": word(), "filter": text(10_000), "fields": many(text(100), 500), "format": oneOf("csv", "xlsx", "json", "ndjson", "vcf", "vcf3"), "purpose": text(500), "layout": layout,
		}
	}
	export := asked()
	for name, s := range map[string]js{
		"id": ident(), "state": oneOf("ready", "running", "done", "failed", "expired"), "rows": count(), "created_at": moment8601(), "ends_at": moment8601(), "file": text(200),
	} {
		export[name] = s
	}
	note := structure(map[string]js{"line": count(), "text": text(2000), "code": word(), "column": text(1000)}, "line", "code", "column")
	twin := structure(map[string]js{"line": count(), "by": word(), "record": ident(), "other": count()}, "record", "other")
	problems := js{"type": []string{"array", "null"}, "items": ref("fieldProblem"), "maxItems": 1000}
	wrong := structure(map[string]js{"line": count(), "row": count(), "fields": problems})
	alike := structure(map[string]js{
		"column": text(1000), "field": text(100), "text": text(200), "reason": word(), "message": text(2000), "rows": count(), "line": count(),
	}, "field", "text")
	result := structure(map[string]js{
		"changeset": noIdent(), "rows": count(), "created": count(), "updated": count(), "skipped": count(), "failed": count(), "missing": count(), "duplicates": count(),
		"mapping": words(500), "unused": {"type": []string{"array", "null"}, "items": text(1000), "maxItems": 500}, "notes": many(note, listed), "twins": many(twin, listed), "errors": many(wrong, listed), "wrong": many(alike, 200),
	}, "notes", "twins", "errors", "wrong")
	return map[string]js{
		"exportInput": structure(asked(), "filter", "fields", "format", "layout"),
		"export":      structure(export),
		"importPlan": structure(map[string]js{
			"object": word(), "map": words(500), "values": {"type": "object", "additionalProperties": words(5000), "maxProperties": 500}, "nulls": many(text(100), 100),
			"mode": oneOf("create", "update", "upsert"), "key": text(100), "duplicates": oneOf("create", "skip", "update"), "create_missing": flag(), "new_options": flag(),
			"dates": oneOf("auto", "dmy", "mdy"), "currency": text(3), "strict": flag(),
		}, "object", "map", "values", "nulls", "mode", "key", "duplicates", "create_missing", "new_options", "dates", "currency", "strict"),
		"import": structure(map[string]js{
			"id": ident(), "object": word(), "status": oneOf("waiting", "running", "done", "failed"), "format": word(), "columns": many(text(1000), 500), "plan": ref("importPlan"),
			"done": count(), "of": count(), "result": result, "expires_at": moment8601(), "tried": count(),
			"encoding": text(50), "delimiter": text(1), "sheet": text(100), "sheets": many(text(100), 1000), "sample": many(many(text(1000), 500), 20), "guess": words(500),
			"problem": structure(map[string]js{"code": word(), "reason": word(), "detail": text(2000), "errors": many(ref("fieldProblem"), 1000)}, "errors"),
		}, "result", "problem", "tried", "encoding", "delimiter", "sheet", "sheets"),
	}
}

func tableParts() map[string]js {
	measure := structure(map[string]js{"op": oneOf("count", "sum", "avg", "min", "max", "count_distinct"), "field": text(100)}, "field")
	key := js{"anyOf": []js{text(100), structure(map[string]js{"field": text(100), "by": oneOf("day", "week", "month", "quarter", "year")}, "by")}}
	return map[string]js{
		"measure": measure,
		"aggregation": structure(map[string]js{
			"group_by": many(key, 10), "measures": many(ref("measure"), 20), "filter": text(10_000), "sort": text(100), "limit": whole(0, 10_000),
		}, "group_by", "measures", "filter", "sort", "limit"),
		"group": structure(map[string]js{
			"keys": {"type": []string{"array", "null"}, "items": anything(), "maxItems": 10}, "values": {"type": []string{"array", "null"}, "items": anything(), "maxItems": 20}, "count": count(),
		}),
		"table": structure(map[string]js{"rows": {"type": []string{"array", "null"}, "items": ref("group"), "maxItems": 10_000}, "more": about(flag(), "there are more groups")}, "more"),
	}
}

func searchParts(label js) map[string]js {
	place := func() js { return js{"type": "integer", "format": "int32", "minimum": 0, "maximum": maxText} }
	return map[string]js{
		"mark": structure(map[string]js{
			"field": word(), "text": about(text(1000), "the value, or the part of it around the first word"),
			"ranges": many(about(structure(map[string]js{"from": place(), "to": place()}), "in characters (Unicode code points)"), 1000),
		}),
		"hit": structure(map[string]js{
			"id": ident(), "object": word(), "version": count(), "title": text(2000),
			"rank": oneOf("exact", "beginning", "word", "elsewhere"), "highlights": many(ref("mark"), 5),
		}),
		"groupFound": structure(map[string]js{"object": word(), "label": label, "records": many(ref("hit"), 20), "more": about(flag(), "there are more than these")}),
	}
}

func batchParts() map[string]js {
	problems := js{"type": []string{"array", "null"}, "items": ref("fieldProblem"), "maxItems": 1000}
	return map[string]js{
		"operation": structure(map[string]js{
			"op": oneOf("create", "update", "delete", "restore"), "object": word(), "id": ident(), "version": whole(0, maxCount), "fields": ref("write"),
		}, "id", "version", "fields"),
		"batch": structure(map[string]js{"operations": many(ref("operation"), 1000), "dry_run": flag(), "partial": flag()}, "dry_run", "partial"),
		"batchAnswer": structure(map[string]js{
			"changeset": noIdent(), "failed": whole(0, 1000),
			"results": many(js{"anyOf": []js{
				structure(map[string]js{"id": noIdent(), "version": count()}), structure(map[string]js{"code": word(), "detail": text(2000), "errors": problems}),
			}}, 1000),
		}),
	}
}

func rightsParts() map[string]js {
	grant := structure(map[string]js{"role": noIdent(), "role_name": text(255), "object": word(), "scope": oneOf("own", "team", "branch", "all")})
	access := func() js { return oneOf("hidden", "masked", "read", "edit") }
	mask := structure(map[string]js{"role": noIdent(), "role_name": text(255), "access": access(), "by": about(oneOf("default", "class", "own_class", "field_name"), "what decided: the field's class alone, a mask for the class, one for the class in this object, or one for the field")})
	return map[string]js{"why": structure(map[string]js{
		"object": word(), "id": ident(), "version": count(),
		"verbs": many(structure(map[string]js{
			"verb": oneOf("read", "update", "delete", "export", "reveal"), "allowed": flag(), "withheld": about(flag(), "by the token, whatever the roles grant"),
			"grants": about(many(grant, 1000), "those that hold for this record"),
		}), 10),
		"fields": many(structure(map[string]js{"name": word(), "access": access(), "masks": many(mask, 200)}), 500),
	})}
}
