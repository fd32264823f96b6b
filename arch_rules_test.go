package wardbook_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A tree is the repository as the rules see it. It is read with plain file reads, which the test
// cache notices, and not with the go command.
type tree struct {
	fset  *token.FileSet
	files []*source
	texts map[string][]byte // every other file
}

// A source is one Go file.
type source struct {
	path    string
	pkg     string // as in house
	test    bool
	lines   int
	ast     *ast.File
	imports map[string]string // local name → path
}

var majorVersion = regexp.MustCompile(`^v\d+$`)

// rules are all checks; each returns its problems.
var rules = []struct {
	name  string
	check func(*tree) []string
}{
	{"table", checkTable},
	{"imports", checkImports},
	{"fences", checkFences},
	{"docs", checkDocs},
	{"state", checkState},
	{"sizes", checkSizes},
	{"texts", checkTexts},
	{"links", checkLinks},
}

// skipped are folders that hold no source of ours, as in .gitignore.
func skipped(p string, d fs.DirEntry) bool {
	switch d.Name() {
	case ".git", "node_modules":
		return true
	}
	return p == "bin" || p == "tmp" || p == "ui/dist"
}

// load reads the whole tree.
func load(fsys fs.FS) (*tree, error) {
	t := &tree{fset: token.NewFileSet(), texts: map[string][]byte{}}
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && skipped(p, d):
			return fs.SkipDir
		case d.IsDir(), !d.Type().IsRegular(), p == ".git", path.Ext(p) == ".prof", path.Ext(p) == ".test", p == "coverage.out":
			return nil
		}
		text, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		t.texts[p] = text
		if path.Ext(p) != ".go" || strings.Contains("/"+p, "/testdata/") {
			return nil
		}
		return t.add(p, text)
	})
	return t, err
}

// add parses one Go file.
func (t *tree) add(p string, text []byte) error {
	f, err := parser.ParseFile(t.fset, p, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	s := &source{
		path: p, pkg: place(path.Dir(p)), test: strings.HasSuffix(p, "_test.go"),
		lines: bytes.Count(text, []byte("\n")), ast: f, imports: map[string]string{},
	}
	for _, spec := range f.Imports {
		full, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		name := path.Base(full)
		if majorVersion.MatchString(name) {
			name = path.Base(path.Dir(full))
		}
		if spec.Name != nil {
			name = spec.Name.Name
		}
		s.imports[name] = full
	}
	t.files = append(t.files, s)
	return nil
}

// place turns a folder into the name that the table uses.
func place(dir string) string {
	if below, ok := strings.CutPrefix(dir, "internal/"); ok {
		return below
	}
	if dir == "." {
		return "/"
	}
	return "/" + dir
}

func (t *tree) at(pos token.Pos) string {
	p := t.fset.Position(pos)
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

func rowOf(pkg string) (row, bool) {
	i := slices.IndexFunc(house, func(r row) bool { return r.pkg == pkg })
	if i < 0 {
		return row{}, false
	}
	return house[i], true
}

// checkTable finds packages that have no row.
func checkTable(t *tree) (problems []string) {
	seen := map[string]bool{}
	for _, f := range t.files {
		if _, ok := rowOf(f.pkg); !ok && !seen[f.pkg] {
			seen[f.pkg] = true
			problems = append(problems, fmt.Sprintf("%s: package %s has no row in the table of arch_test.go: place it, with a reason", f.path, f.pkg))
		}
	}
	return problems
}

// checkImports holds our own imports to the table. Tests need real things from above and below, so
// for them only two rules hold: no feature sees another, and nobody imports a command.
func checkImports(t *tree) (problems []string) {
	for _, f := range t.files {
		from, _ := rowOf(f.pkg)
		for _, name := range slices.Sorted(maps.Keys(f.imports)) {
			full := f.imports[name]
			if full != module && !strings.HasPrefix(full, module+"/") {
				continue
			}
			pkg := place(strings.TrimPrefix(strings.TrimPrefix(full, module), "/"))
			if to, ok := rowOf(pkg); ok && pkg != f.pkg && !mayImport(from, to, f.test) {
				problems = append(problems, fmt.Sprintf("%s: %s (%s: %s) may not import %s (%s: %s); it may import: %s",
					f.path, from.pkg, from.layer, from.why, to.pkg, to.layer, to.why, from.may))
			}
		}
	}
	return problems
}

func mayImport(from, to row, test bool) bool {
	switch {
	case to.layer == "cmd", from.layer == "feature" && to.layer == "feature":
		return false
	case test, from.may == "everything":
		return true
	}
	may := strings.Fields(from.may)
	return slices.Contains(may, to.pkg) || to.layer == "feature" && slices.Contains(may, "*")
}

// checkFences finds uses of something dangerous by somebody who does not own it.
func checkFences(t *tree) (problems []string) {
	for _, fence := range fences {
		for _, what := range strings.Fields(fence.what) {
			full, name := splitName(what)
			for _, f := range t.files {
				_, owner := fence.owners[f.pkg]
				if owner || f.test && !fence.tests {
					continue
				}
				for _, at := range t.uses(f, full, name) {
					problems = append(problems, fmt.Sprintf("%s: %s does not own %s: %s (owners: %s)", at, f.pkg, what,
						fence.why, strings.Join(slices.Sorted(maps.Keys(fence.owners)), ", ")))
				}
			}
		}
	}
	return problems
}

// splitName splits "net/http.Client" into path and name; a plain path has no name. A dot counts only
// before a capital, which no import path of ours has after one.
func splitName(what string) (full, name string) {
	i := strings.LastIndexByte(what, '.')
	if i < 0 || i+1 == len(what) || what[i+1] < 'A' || what[i+1] > 'Z' {
		return what, ""
	}
	return what[:i], what[i+1:]
}

// matches reports whether an import path fits a pattern: itself, or with "/..." everything below too.
func matches(p, pattern string) bool {
	below, all := strings.CutSuffix(pattern, "/...")
	return p == below || all && strings.HasPrefix(p, below+"/")
}

// uses returns where f imports what fits the pattern, or, with a name, where it uses that name.
func (t *tree) uses(f *source, pattern, name string) (places []string) {
	for local, p := range f.imports {
		switch {
		case !matches(p, pattern):
		case name == "":
			places = append(places, f.path)
		default:
			ast.Inspect(f.ast, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == name {
					if x, ok := sel.X.(*ast.Ident); ok && x.Name == local {
						places = append(places, t.at(n.Pos()))
					}
				}
				return true
			})
		}
	}
	return places
}

// checkState finds init functions, in tests too, and package variables.
func checkState(t *tree) (problems []string) {
	used := map[string]bool{}
	for _, f := range t.files {
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" {
					problems = append(problems, t.at(d.Pos())+": init runs before anybody decided anything: call it from where it is needed")
				}
			case *ast.GenDecl:
				if d.Tok != token.VAR || f.test {
					continue
				}
				for _, spec := range d.Specs {
					v := spec.(*ast.ValueSpec) //nolint:forcetypeassert // what a var declares
					problems = append(problems, t.variables(f, d, v, used)...)
				}
			}
		}
	}
	return append(problems, stale("variables", variables, used, t)...)
}

// variables allows errors, embedded files, compiled regexps, interface assertions and what is listed.
func (t *tree) variables(f *source, d *ast.GenDecl, v *ast.ValueSpec, used map[string]bool) (problems []string) {
	embedded := func(g *ast.CommentGroup) bool {
		return g != nil && slices.ContainsFunc(g.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
	}
	for i, name := range v.Names {
		id := path.Dir(f.path) + "." + name.Name
		_, ok := variables[id]
		used[id] = used[id] || ok
		var value ast.Expr
		if i < len(v.Values) {
			value = v.Values[i]
		}
		if !ok && name.Name != "_" && !embedded(d.Doc) && !embedded(v.Doc) && !constant(value) {
			problems = append(problems, fmt.Sprintf("%s: package variable %s: make it a constant, a function or a field, or list it with a reason", t.at(name.Pos()), id))
		}
	}
	return problems
}

// constant reports whether a variable is one only because Go has no constants of its type.
func constant(value ast.Expr) bool {
	call, ok := value.(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	if !ok {
		return false
	}
	switch x.Name + "." + sel.Sel.Name {
	case "errors.New", "fmt.Errorf", "fault.New", "fault.InField", "fault.Wrap", "regexp.MustCompile":
		return true
	}
	return false
}

// stale finds exceptions that nothing needs any more. What lies in a folder that is not written yet
// may be listed.
func stale(list string, listed map[string]string, used map[string]bool, t *tree) (problems []string) {
	for id := range listed {
		dir := path.Dir(id)
		if !strings.HasSuffix(id, ".go") {
			name, _, _ := strings.Cut(path.Base(id), ".")
			dir = path.Join(dir, name)
		}
		exists := slices.ContainsFunc(t.files, func(f *source) bool { return path.Dir(f.path) == dir })
		if exists && !used[id] {
			problems = append(problems, fmt.Sprintf("arch_test.go: %s lists %s, which needs no exception: remove it", list, id))
		}
	}
	return problems
}
