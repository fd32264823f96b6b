package expr

import (
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"cel.dev/cel-go/common/ast"
)

// Texts compiles expressions of people and programs, which are mostly the same but for the values in
// them: reading the text is most of the work, and is done once for each form. The zero value is ready. It
// is safe for concurrent use.
type Texts struct {
	mu    sync.Mutex
	forms map[string]form
}

// form is a text that was read with its values lifted out.
type form struct {
	tree ast.Expr
	info *ast.SourceInfo
}

// maxForms and maxForm bound what is kept, in texts and in bytes of one.
const (
	maxForms = 1000
	maxForm  = 1000
)

// Compile is the function Compile.
func (t *Texts) Compile(s Schema, object, source string) (*Expr, error) {
	text, values := lift(source)
	o := s.Object(object)
	if o == nil || len(values) == 0 || len(text) > maxForm {
		return Compile(s, object, source)
	}
	t.mu.Lock()
	f, known := t.forms[text]
	t.mu.Unlock()
	if !known {
		var err error
		if f.tree, f.info, err = parse(text); err != nil {
			return Compile(s, object, source) // says where in the text as it is
		}
		t.keep(text, f)
	}
	b := &builder{schema: s, object: o, source: text, info: f.info, values: values}
	root, err := b.build(f.tree, 0)
	if err != nil || root.kind != Bool {
		return Compile(s, object, source)
	}
	return &Expr{source: source, object: object, root: root, fields: b.fields}, nil
}

func (t *Texts) keep(text string, f form) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.forms == nil || len(t.forms) >= maxForms {
		t.forms = map[string]form{}
	}
	t.forms[text] = f
}

// In place of a value stands its number: in a text after a rune of the private use area, and added to a
// great number.
const (
	liftedRune   = "\uE000"
	liftedNumber = 7_777_000_000_000_000_000
	liftedDigits = "7777000000000000"
)

// lift takes plain texts and whole numbers out of an expression. It takes none where it does not
// understand everything, so that two texts of one form mean the same but for the values.
func lift(source string) (text string, values []any) {
	if len(source) > MaxSource || !utf8.ValidString(source) || strings.Contains(source, liftedRune) || strings.Contains(source, liftedDigits) || strings.ContainsAny(source, "\\`\n\r\x00") ||
		strings.Contains(source, "//") || strings.Contains(source, `"""`) || strings.Contains(source, "'''") {
		return source, nil
	}
	var b strings.Builder
	for i := 0; i < len(source); {
		c := source[i]
		from := i
		switch {
		case c == '\'' || c == '"':
			end := strings.IndexByte(source[i+1:], c)
			if end < 0 {
				return source, nil
			}
			i += end + 2
			b.WriteString(`"` + liftedRune + strconv.Itoa(len(values)) + `"`)
			values = append(values, source[from+1:i-1])
		case wordly(c):
			for i < len(source) && (wordly(source[i]) || source[i] == '.' || (source[i] == '-' || source[i] == '+') && exponent(source[from:i])) {
				i++
			}
			if i < len(source) && (source[i] == '\'' || source[i] == '"') {
				return source, nil // r"" and b"" are other texts
			}
			word := source[from:i]
			n, err := strconv.ParseInt(word, 10, 64)
			if err != nil || len(word) > 18 || from > 0 && source[from-1] == '.' {
				b.WriteString(word)
				continue
			}
			b.WriteString(strconv.FormatInt(liftedNumber+int64(len(values)), 10))
			values = append(values, n)
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String(), values
}

// wordly reports whether a byte is part of a name or a number.
func wordly(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// exponent reports whether a number ends such that a sign belongs to it.
func exponent(word string) bool {
	return word[0] >= '0' && word[0] <= '9' && (strings.HasSuffix(word, "e") || strings.HasSuffix(word, "E"))
}

// given puts a value back that was lifted out.
func (b *builder) given(n *node) {
	if b.values == nil {
		return
	}
	switch v := n.value.(type) {
	case string:
		if number, ok := strings.CutPrefix(v, liftedRune); ok {
			if i, err := strconv.Atoi(number); err == nil && i < len(b.values) {
				n.value = b.values[i]
			}
		}
	case int64:
		i := max(v, -v) - liftedNumber
		if i < 0 || i >= int64(len(b.values)) {
			return
		}
		n.value = b.values[i]
		if x, ok := n.value.(int64); ok && v < 0 {
			n.value = -x
		}
	}
}
