package dialect

import (
	"fmt"
	"strings"
)

// kind says what a token is.
type kind uint8

const (
	symbol kind = iota // an operator or a bracket
	word               // in capitals
	name               // in small letters
	quoted             // a text or a name in quotes
	number             // a whole number
	mark               // a placeholder
)

// token is one piece of a statement.
type token struct {
	kind    kind
	text    string
	touches bool // nothing stands between it and the one before
}

// value reports whether a token can be one side of an operation.
func (t token) value() bool { return t.kind == name || t.kind == number || t.kind == mark }

const (
	capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	smalls   = "abcdefghijklmnopqrstuvwxyz"
	digits   = "0123456789"
	blanks   = " \t\n"
)

// scan splits a statement into tokens.
func scan(text string) (list []token, err error) {
	for i := 0; i < len(text); {
		start := i
		for i < len(text) && strings.IndexByte(blanks, text[i]) >= 0 {
			i++
		}
		if i == len(text) {
			break
		}
		tok, err := next(text[i:])
		if err != nil {
			return nil, err
		}
		tok.touches = i == start && len(list) > 0
		list = append(list, tok)
		i += len(tok.text)
	}
	return list, nil
}

// next returns the token that text begins with.
func next(text string) (token, error) {
	span := func(set string) string { return text[:len(text)-len(strings.TrimLeft(text, set))] }
	c := text[0]
	switch {
	case c == '\'' || c == '"':
		end := strings.IndexByte(text[1:], c)
		if end < 0 {
			return token{}, fmt.Errorf("a quote is not closed")
		}
		return token{kind: quoted, text: text[:end+2]}, nil
	case c == '?':
		return token{kind: mark, text: "?" + text[1:][:len(text)-1-len(strings.TrimLeft(text[1:], digits))]}, nil
	case strings.IndexByte(digits, c) >= 0:
		return token{kind: number, text: span(digits)}, nil
	case strings.IndexByte(capitals+smalls+"_", c) >= 0:
		w := span(capitals + smalls + digits + "_")
		switch {
		case strings.Trim(w, capitals+"_") == "":
			return token{kind: word, text: w}, nil
		case strings.Trim(w, smalls+digits+"_") == "":
			return token{kind: name, text: w}, nil
		}
		return token{}, fmt.Errorf("%s mixes capitals and small letters: keywords are in capitals, names in small letters", w)
	}
	for _, two := range []string{"<>", "<=", ">=", "::", "--", "/*", "||", "->"} {
		if strings.HasPrefix(text, two) {
			return token{kind: symbol, text: two}, nil
		}
	}
	return token{kind: symbol, text: text[:1]}, nil
}
