package api

import "github.com/wardbook/wardbook/internal/schema"

// valueSchema describes a field's values; nil for what is never shown. An absent value is null.
func valueSchema(f *schema.Field, masked bool) js {
	s := plainSchema(f)
	if s == nil {
		return nil
	}
	if masked {
		s = about(text(1000), "masked")
	}
	return orNull(s)
}

func plainSchema(f *schema.Field) js {
	limit := func(of int) int {
		if f.Max > 0 && f.Max < of {
			return f.Max
		}
		return of
	}
	switch f.Type {
	case schema.Int, schema.Duration:
		return whole(-1<<63, 1<<63-1)
	case schema.DecimalT, schema.Percent:
		return js{"type": "string", "maxLength": 40, "pattern": `^-?[0-9]+(\.[0-9]+)?$`}
	case schema.MoneyT:
		amount := js{"type": "string", "maxLength": 40, "pattern": `^-?[0-9]+(\.[0-9]+)?$`}
		return structure(map[string]js{"amount": amount, "currency": {"type": "string", "maxLength": 3, "pattern": "^[A-Z]{3}$"}})
	case schema.Bool:
		return flag()
	case schema.DateT:
		return js{"type": "string", "format": "date", "maxLength": 10}
	case schema.Datetime:
		return moment8601()
	case schema.AddressT:
		parts := []string{"street", "city", "state", "postal_code", "country"}
		props := map[string]js{}
		for _, p := range parts {
			props[p] = text(255)
		}
		return structure(props, parts...)
	case schema.GeoT:
		degrees := func(most int) js {
			return js{"type": "number", "format": "double", "minimum": -most, "maximum": most}
		}
		return structure(map[string]js{"lat": degrees(90), "lon": degrees(180)})
	case schema.Picklist:
		return oneOf(keys(f)...)
	case schema.Multipick:
		return many(oneOf(keys(f)...), schema.MaxOptions)
	case schema.Lookup, schema.User, schema.Team:
		return ident()
	case schema.Lookups:
		return many(ident(), 200)
	case schema.Any:
		return structure(map[string]js{"object": oneOf(f.Target...), "id": ident()})
	case schema.File, schema.Image:
		return structure(map[string]js{"content": ident(), "name": text(255), "media": text(120), "size": whole(0, schema.MaxFile)})
	case schema.Formula, schema.RollupT:
		of := *f
		of.Type = f.Result
		return plainSchema(&of)
	case schema.JSON:
		return anything()
	case schema.SecretType:
		return nil
	case schema.Short, schema.Email, schema.Phone, schema.URL, schema.Autonumber:
		return text(limit(2048))
	}
	return text(limit(maxText))
}

// keys lists the choices of a picklist, archived ones too: records may still have them.
func keys(f *schema.Field) []string {
	list := make([]string, 0, len(f.Options))
	for _, o := range f.Options {
		list = append(list, o.Key)
	}
	return list
}
