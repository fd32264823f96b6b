// Package dialect holds statements to the small SQL that Wardbook allows itself, so that the same
// text means the same on SQLite, PostgreSQL and the distributed engines that speak its protocol.
//
// The rules are lists of what is allowed, not of what is not: a new word, function or literal is added
// here, by a person who has tried it on every engine. Tests hand Guard to a database as its observer,
// which holds every statement that they make the program send.
//
// By convention keywords are in capitals, names are in small letters, and a function's name touches
// its bracket while a table's does not: "count(x)", "INSERT INTO t (x)".
package dialect

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/wardbook/wardbook/internal/sqldb"
)

// Guard returns an observer for sqldb's configurations that fails the test at each statement outside
// of the dialect.
func Guard(t testing.TB, engine sqldb.Engine) func(query string) {
	var seen sync.Map
	return func(query string) {
		if _, again := seen.LoadOrStore(query, true); again {
			return
		}
		if err := Check(engine, query); err != nil {
			t.Errorf("outside of the SQL dialect (internal/sqldb/dialect): %v\n%s", err, query)
		}
	}
}

// maxName is the longest identifier in bytes; PostgreSQL cuts names at 63.
const maxName = 48

// beside is the file that a node keeps beside the records to search by.
const beside = "search"

// keywords are the words of structure that both engines share, and those of one.
func keywords(engine sqldb.Engine) []string {
	shared := strings.Fields(`SELECT FROM WHERE GROUP BY ORDER LIMIT JOIN LEFT ON AS AND OR NOT IN IS NULL NULLS FIRST LAST DESC
		EXISTS CASE WHEN THEN ELSE END CAST DISTINCT INSERT INTO VALUES CONFLICT DO NOTHING UPDATE SET DELETE
		CREATE TABLE INDEX UNIQUE PRIMARY KEY ALTER ADD COLUMN RENAME TO DROP IF TEXT BIGINT`)
	if engine == sqldb.Postgres {
		return append(shared, "FOR", "DATE", "COLLATE", "BYTEA", "BOOLEAN")
	}
	// The last two are for what is kept aside to search by, which lies in SQLite on every engine.
	return append(shared, "STRICT", "INTEGER", "BLOB", "CROSS", "MATCH")
}

// functions are those that both engines share, and what stands in where one has none.
func functions(engine sqldb.Engine) []string {
	shared := strings.Fields("count sum min max coalesce")
	if engine == sqldb.Postgres {
		return append(shared, "extract", "strpos", "right")
	}
	return append(shared, "strftime", "instr", "substr")
}

// literals are the texts that may stand in a statement. Everything else is bound.
func literals(engine sqldb.Engine) []string {
	if engine == sqldb.Postgres {
		return []string{`"C"`, "'1970-01-01'"}
	}
	return []string{"'unixepoch'", "'%Y'", "'%m'"}
}

// symbols are the operators and brackets.
func symbols(engine sqldb.Engine) []string {
	shared := strings.Fields("( ) , . * + - / % = <> < > <= >=")
	if engine == sqldb.Postgres {
		return append(shared, "::")
	}
	return shared
}

// Check returns an error that names what a statement may not contain, or nil. The statement is as the
// program wrote it, before its marks are numbered for an engine.
func Check(engine sqldb.Engine, statement string) error {
	tokens, err := scan(statement)
	if err != nil {
		return err
	}
	if len(tokens) == 0 {
		return fmt.Errorf("empty")
	}
	c := checker{engine: engine, tokens: tokens}
	for i, tok := range tokens {
		if err := c.token(i, tok); err != nil {
			return err
		}
		if err := c.context(i, tok); err != nil {
			return err
		}
	}
	return c.whole()
}

// checker looks at one statement.
type checker struct {
	engine   sqldb.Engine
	tokens   []token
	plain    bool // has marks without a number
	numbered bool // has marks with one
}

// at returns a token, or an empty one beyond the ends.
func (c *checker) at(i int) token {
	if i < 0 || i >= len(c.tokens) {
		return token{}
	}
	return c.tokens[i]
}

// token checks what may be seen without its neighbours.
func (c *checker) token(i int, tok token) error {
	ok := true
	switch tok.kind {
	case word:
		ok = slices.Contains(keywords(c.engine), tok.text)
	case name:
		switch {
		case len(tok.text) > maxName:
			return fmt.Errorf("the name %s has more than %d bytes", tok.text, maxName)
		case c.at(i+1).text == "(" && c.at(i+1).touches:
			ok = slices.Contains(functions(c.engine), tok.text)
		default:
			ok = !reserved(tok.text)
		}
	case quoted:
		ok = slices.Contains(literals(c.engine), tok.text)
	case symbol:
		ok = slices.Contains(symbols(c.engine), tok.text)
	case mark:
		c.numbered = c.numbered || tok.text != "?"
		c.plain = c.plain || tok.text == "?"
	}
	if !ok {
		return fmt.Errorf("%s is not allowed", tok.text)
	}
	return nil
}

// reserved reports whether a small word is a keyword in small letters. Words that may be names
// everywhere, such as key or date, are none.
func reserved(small string) bool {
	return slices.Contains(strings.Fields(`select from where group order limit offset fetch join left right full cross natural using lateral
		on as and or not in is null case when then else end distinct all any some union intersect except insert into values returning
		with recursive update set delete merge create alter drop table unique primary check references foreign default
		like ilike between collate cast for window having trigger truncate lock copy grant begin commit rollback savepoint`), small)
}

// context checks what depends on the neighbours.
func (c *checker) context(i int, tok token) error {
	before, after := c.at(i-1), c.at(i+1)
	switch tok.text {
	case "*":
		counts := c.at(i-2).text == "count" && before.text == "(" && after.text == ")"
		times := (before.value() || before.text == ")") && (after.value() || after.text == "(")
		if !counts && !times {
			return fmt.Errorf("a list of columns is written out, not *: a change of the structure would change its meaning")
		}
	case ".":
		if before.kind != name || after.kind != name {
			return fmt.Errorf("a point stands between a table and its column only: no fractions")
		}
	case "DISTINCT":
		if c.at(i-2).text != "count" {
			return fmt.Errorf("DISTINCT is allowed in count(DISTINCT x) only")
		}
	case "FOR":
		if after.text != "UPDATE" {
			return fmt.Errorf("FOR is allowed in FOR UPDATE only")
		}
	case "::":
		if after.text != "int" && after.text != "bigint" {
			return fmt.Errorf("a cast to %s is not allowed", after.text)
		}
	case "FROM", "JOIN", "INTO", "UPDATE", "TABLE", "ON":
		if after.kind == name && c.at(i+2).text == "." && tok.text != "ON" && (after.text != beside || c.engine == sqldb.Postgres) {
			return fmt.Errorf("the table %s is named with a schema: a statement stays in its organisation", c.at(i+3).text)
		}
		if tok.text == "INTO" && c.at(i+2).text != "(" {
			return fmt.Errorf("INSERT without a list of columns")
		}
	}
	return nil
}

// whole checks what depends on the kind of the statement.
func (c *checker) whole() error {
	if c.plain && c.numbered {
		return fmt.Errorf("marks with and without a number: ? would be counted twice")
	}
	first := c.tokens[0].text
	switch first {
	case "SELECT", "INSERT", "UPDATE", "DELETE":
		return nil
	case "CREATE", "ALTER", "DROP":
		return c.structure()
	}
	return fmt.Errorf("a statement may not begin with %s", first)
}

// structure checks the column types of DDL.
func (c *checker) structure() error {
	for i, tok := range c.tokens {
		if c.engine == sqldb.SQLite && tok.text == "BIGINT" {
			return fmt.Errorf("the type BIGINT means INTEGER on SQLite: write {int}")
		}
		if c.engine == sqldb.Postgres && tok.text == "TEXT" && c.at(i+1).text != "COLLATE" {
			return fmt.Errorf("text that compares by the server's language: write {text}")
		}
	}
	last := c.tokens[len(c.tokens)-1].text
	if c.engine == sqldb.SQLite && c.tokens[0].text == "CREATE" && c.tokens[1].text == "TABLE" && last != "STRICT" {
		return fmt.Errorf("a SQLite table that is not STRICT: write {strict}")
	}
	return nil
}
