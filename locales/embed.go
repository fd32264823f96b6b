// Package locales holds what the product says, in English and Chinese: one catalogue for Go and for the
// front end. Each file is one flat JSON object from key to text; NAME.LANG.json and LANG.json of a
// language are one. Go takes texts in which {name} stands for a value; what the front end alone says may
// use ICU plurals and choices.
package locales

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed *.json
var files embed.FS

// The languages, by their tags (BCP 47).
const (
	En = "en"
	Zh = "zh-CN"
)

// Catalogue is all texts, by language and key.
type Catalogue map[string]map[string]string

// Load reads the catalogue.
func Load() (Catalogue, error) { return load(files) }

func load(fsys fs.FS) (Catalogue, error) {
	names, err := fs.Glob(fsys, "*.json")
	if err != nil {
		return nil, err
	}
	c := Catalogue{En: {}, Zh: {}}
	for _, name := range names {
		parts := strings.Split(strings.TrimSuffix(name, ".json"), ".")
		texts, known := c[parts[len(parts)-1]]
		if !known {
			return nil, fmt.Errorf("locales: %s: want a name that ends with .%s.json or .%s.json", name, En, Zh)
		}
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		more := map[string]string{}
		if err := json.Unmarshal(b, &more); err != nil {
			return nil, fmt.Errorf("locales: %s: want one object of texts: %w", name, err)
		}
		for key, text := range more {
			if _, twice := texts[key]; twice {
				return nil, fmt.Errorf("locales: %s: %s stands in another file, too", name, key)
			}
			texts[key] = text
		}
	}
	return c, nil
}

// Text returns a text with values for its {names}, which come as name, value, name, value. A key that is
// not there is its own text, so that a mistake is seen and nothing breaks.
func (c Catalogue) Text(lang, key string, values ...string) string {
	text, ok := c[lang][key]
	if !ok {
		return key
	}
	for i := 0; i+1 < len(values); i += 2 {
		text = strings.ReplaceAll(text, "{"+values[i]+"}", values[i+1])
	}
	return text
}

// Tag returns the tag of a person's locale, which the schema writes as a word.
func Tag(locale string) string {
	if locale == "zh_cn" {
		return Zh
	}
	return En
}

// Word is the locale of a tag, as the schema writes it.
func Word(tag string) string {
	if tag == Zh {
		return "zh_cn"
	}
	return "en"
}
