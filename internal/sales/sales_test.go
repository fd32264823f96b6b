package sales

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/wardbook/wardbook/internal/schema"
)

func TestObjectsAreSound(t *testing.T) {
	t.Parallel()
	s, err := schema.New(append(schema.System(), Objects()...)...)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range s.Objects() {
		for _, f := range o.Fields {
			if f.Default == "" {
				continue
			}
			if _, err := f.ParseText(f.Default); err != nil {
				t.Errorf("%s.%s: its default: %v", o.Name, f.Name, err)
			}
		}
	}
}

// Every built-in object, field and choice is named in both languages and has a class, whatever the
// schema's own check says.
func TestEveryLabelIsInBothLanguages(t *testing.T) {
	t.Parallel()
	both := func(where string, l schema.Text) {
		han := strings.ContainsFunc(l.Zh, func(r rune) bool { return unicode.Is(unicode.Han, r) })
		latin := strings.ContainsFunc(l.En, func(r rune) bool { return unicode.Is(unicode.Latin, r) })
		if !han || !latin || strings.TrimSpace(l.En) != l.En || strings.TrimSpace(l.Zh) != l.Zh {
			t.Errorf("%s: labels %q and %q", where, l.En, l.Zh)
		}
	}
	s, err := schema.New(append(schema.System(), Objects()...)...)
	if err != nil {
		t.Fatal(err)
	}
	classes := []schema.Class{schema.Public, schema.Internal, schema.Personal, schema.Restricted, schema.Secret}
	for _, o := range s.Objects() {
		both(o.Name, o.Label)
		both(o.Name+" (plural)", o.Plural)
		for _, f := range o.Fields {
			where := o.Name + "." + f.Name
			both(where, f.Label)
			if !slices.Contains(classes, f.Class) {
				t.Errorf("%s has class %q", where, f.Class)
			}
			if !slices.Contains(schema.Types(), f.Type) {
				t.Errorf("%s has type %q", where, f.Type)
			}
			if (f.Type == schema.Email || f.Type == schema.Phone) && o.Subject != "" && !f.Class.Sealed() {
				t.Errorf("%s says how to reach a person and is not sealed", where)
			}
			for _, op := range f.Options {
				both(where+"="+op.Key, op.Label)
			}
		}
	}
}

// What the design names is here. Timeline, custom and later objects are added by their features.
func TestObjectsOfTheDesign(t *testing.T) {
	t.Parallel()
	s, err := schema.New(append(schema.System(), Objects()...)...)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"lead", "contact", "company", "deal", "pipeline", "stage", "product", "task", "meeting", "call", "note", "document",
		"user", "team", "role", "view", "change_set", "import", "export",
	} {
		if s.Object(name) == nil {
			t.Errorf("there is no object %s", name)
		}
	}
}
