package api

import "slices"

// js is a JSON Schema (draft 2020-12, the dialect of OpenAPI 3.1) as Go data.
type js map[string]any

// Bounds of what is described. Every text, list and number of the document has one, so that a client
// can reserve what it needs and a stranger's answer can be refused.
const (
	maxText  = 100_000 // characters of the longest text
	maxWord  = 60      // of a machine's word
	maxCount = 1 << 53 // integers that every JSON reader keeps
)

func text(limit int) js { return js{"type": "string", "maxLength": limit} }

// word is a name of an object, a field, a verb or a reason.
func word() js { return js{"type": "string", "maxLength": maxWord, "pattern": "^[a-z0-9_*]*$"} }

func oneOf(words ...string) js { return js{"type": "string", "enum": words} }

func ident() js { return js{"type": "string", "format": "uuid", "maxLength": 36} }

// noIdent is an identifier, or "" for none.
func noIdent() js {
	return js{"type": "string", "maxLength": 36, "pattern": "^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$"}
}

func moment8601() js { return js{"type": "string", "format": "date-time", "maxLength": 40} }

func whole(from, to int64) js {
	return js{"type": "integer", "format": "int64", "minimum": from, "maximum": to}
}

func count() js { return whole(0, maxCount) }

func flag() js { return js{"type": "boolean"} }

func many(item js, limit int) js { return js{"type": "array", "items": item, "maxItems": limit} }

func ref(name string) js { return js{"$ref": "#/components/schemas/" + name} }

// structure has every property, but for those that are named as optional.
func structure(props map[string]js, optional ...string) js {
	required := []string{}
	for name := range props {
		if !slices.Contains(optional, name) {
			required = append(required, name)
		}
	}
	slices.Sort(required)
	o := js{"type": "object", "properties": props}
	if len(required) > 0 {
		o["required"] = required
	}
	return o
}

// flags is an object of names and truths.
func flags(limit int) js {
	return js{"type": "object", "additionalProperties": flag(), "maxProperties": limit}
}

// file is the content of a file, which is no JSON, of at most so many bytes.
func file(limit int) js {
	return js{"type": "string", "contentMediaType": "application/octet-stream", "maxLength": limit}
}

// words is an object of names and texts.
func words(limit int) js {
	return js{"type": "object", "additionalProperties": text(1000), "maxProperties": limit}
}

// anything is a value of any JSON type.
func anything() js { return js{} }

func orNull(s js) js {
	c := js{}
	for k, v := range s {
		c[k] = v
	}
	switch t := c["type"].(type) {
	case string:
		c["type"] = []string{t, "null"}
		if e, ok := c["enum"].([]string); ok {
			list := make([]any, 0, len(e)+1)
			for _, x := range e {
				list = append(list, x)
			}
			c["enum"] = append(list, nil)
		}
		return c
	default:
		if len(s) == 0 {
			return s
		}
		return js{"anyOf": []js{s, {"type": "null"}}}
	}
}

func about(s js, what string) js { s["description"] = what; return s }
