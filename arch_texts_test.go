package wardbook_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// checkDocs wants a doc comment on every package and on nearly every exported name.
func checkDocs(t *tree) (problems []string) {
	documented := map[string]bool{}
	var missing []string
	exported := 0
	for _, f := range t.files {
		if f.test {
			continue
		}
		dir := path.Dir(f.path)
		want := "Package " + f.ast.Name.Name + " "
		if f.ast.Name.Name == "main" {
			want = "Command " + path.Base(dir) + " "
		}
		documented[dir] = documented[dir] || strings.HasPrefix(f.ast.Doc.Text(), want)
		for _, n := range exportedNames(f.ast) {
			exported++
			if !n.documented {
				missing = append(missing, fmt.Sprintf("%s: %s", t.at(n.pos), n.name))
			}
		}
	}
	for dir, ok := range documented {
		if !ok {
			problems = append(problems, dir+`: no doc comment that begins with "Package …" (or "Command …")`)
		}
	}
	if have := exported - len(missing); have*100 < minDocumented*exported {
		problems = append(problems, fmt.Sprintf("%d of %d exported names are documented, want %d %%; missing:\n%s",
			have, exported, minDocumented, strings.Join(missing, "\n")))
	}
	return problems
}

type exportedName struct {
	name       string
	pos        token.Pos
	documented bool
}

// exportedNames returns the exported functions, methods of exported types, types, constants and
// variables of a file. The comment of a group, or one at the end of the line, counts for constants
// and variables.
func exportedNames(f *ast.File) (names []exportedName) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && (d.Recv == nil || ast.IsExported(receiver(d))) {
				names = append(names, exportedName{funcName(d), d.Pos(), d.Doc != nil})
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					if spec.Name.IsExported() {
						names = append(names, exportedName{spec.Name.Name, spec.Pos(), d.Doc != nil || spec.Doc != nil || spec.Comment != nil})
					}
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						if name.IsExported() {
							names = append(names, exportedName{name.Name, name.Pos(), d.Doc != nil || spec.Doc != nil || spec.Comment != nil})
						}
					}
				}
			}
		}
	}
	return names
}

// receiver returns the type name of a method's receiver, or "".
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	e := d.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

func funcName(d *ast.FuncDecl) string {
	if r := receiver(d); r != "" {
		return r + "." + d.Name.Name
	}
	return d.Name.Name
}

// checkSizes holds files and functions to their budgets.
func checkSizes(t *tree) (problems []string) {
	usedFiles, usedFuncs := map[string]bool{}, map[string]bool{}
	for _, f := range t.files {
		if f.lines > maxFileLines {
			usedFiles[f.path] = true
			if longFiles[f.path] == "" {
				problems = append(problems, fmt.Sprintf("%s: %d lines, at most %d: split it by idea, or list it with a reason", f.path, f.lines, maxFileLines))
			}
		}
		for _, d := range f.ast.Decls {
			d, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			lines := t.fset.Position(d.End()).Line - t.fset.Position(d.Pos()).Line + 1
			if id := path.Dir(f.path) + "." + funcName(d); lines > maxFuncLines {
				usedFuncs[id] = true
				if longFuncs[id] == "" {
					problems = append(problems, fmt.Sprintf("%s: function %s has %d lines, at most %d: split it, or list it with a reason", t.at(d.Pos()), id, lines, maxFuncLines))
				}
			}
		}
	}
	problems = append(problems, stale("longFiles", longFiles, usedFiles, t)...)
	return append(problems, stale("longFuncs", longFuncs, usedFuncs, t)...)
}

// pageBudgets keeps the front pages short enough to be read.
var pageBudgets = map[string]int{"README.md": 150, "ARCHITECTURE.md": 250}

// machinePath finds folders of somebody's own machine, which mean nothing to anybody else.
var machinePath = regexp.MustCompile("(?m)(^|[\\s\"'`=:(])(/" + `(home|Users)/\w+|/` + `root/\w+|/` + `work/(main|shared)|/` + `farm/|[A-Z]:\\Users\\)`)

// checkTexts looks at every file: its size, the budgets of pages, paths that work on one machine only.
func checkTexts(t *tree) (problems []string) {
	for p, text := range t.texts {
		lines := bytes.Count(text, []byte("\n"))
		if budget := pageBudgets[p]; budget > 0 && lines > budget {
			problems = append(problems, fmt.Sprintf("%s: %d lines, at most %d", p, lines, budget))
		}
		if len(text) > maxFileBytes {
			problems = append(problems, fmt.Sprintf("%s: %d bytes, at most %d: generate it, or keep it elsewhere", p, len(text), maxFileBytes))
		}
		if m := machinePath.Find(text); m != nil && utf8.Valid(text) {
			line := 1 + bytes.Count(text[:bytes.Index(text, m)], []byte("\n"))
			problems = append(problems, fmt.Sprintf("%s:%d: %q is a path of one machine", p, line, bytes.TrimSpace(m)))
		}
	}
	if bytes.Contains(t.texts["go.mod"], []byte("\nreplace ")) {
		problems = append(problems, "go.mod: a replace line works in this checkout only")
	}
	slices.Sort(problems)
	return problems
}

// How the pages point to things: a path below docs/ anywhere, links and names of tests on pages.
var (
	docPath  = regexp.MustCompile(`(?m)(?:^|[^\w/.-])(docs/\w[\w./-]*)`)
	pageLink = regexp.MustCompile(`\[([^\[\]]*)\]\(([^()\s]+)\)`)
	testName = regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w*)`")
)

// checkLinks wants every page, file, function and test that a text points to, and every package of the
// house on the map.
func checkLinks(t *tree) (problems []string) {
	declared := map[string]bool{} // "file.go Name"; for tests "Name" too
	for _, f := range t.files {
		for name := range declarations(f.ast) {
			declared[f.path+" "+name] = true
			declared[name] = declared[name] || f.test
		}
	}
	for p, text := range t.texts {
		if strings.HasPrefix(p, "arch_") || !utf8.Valid(text) || strings.Contains(p, "/testdata/") {
			continue // the tests here give examples
		}
		for _, m := range docPath.FindAllSubmatch(text, -1) {
			if to := strings.TrimRight(string(m[1]), "./-"); !t.exists(to) {
				problems = append(problems, fmt.Sprintf("%s: %s is not there", p, to))
			}
		}
		if path.Ext(p) == ".md" {
			problems = append(problems, t.checkPage(p, string(text), declared)...)
		}
	}
	if text, ok := t.texts["ARCHITECTURE.md"]; ok {
		problems = append(problems, t.checkMap(string(text))...)
	}
	slices.Sort(problems)
	return problems
}

// exists reports whether a file or folder is there, or a decision record of that number.
func (t *tree) exists(name string) bool {
	for p := range t.texts {
		if rest, ok := strings.CutPrefix(p, name); ok && (rest == "" || rest[0] == '/' || strings.HasPrefix(name, "docs/decisions/") && rest[0] == '-') {
			return true
		}
	}
	return false
}

// checkPage follows the links of a page. The text of a link into Go code names what is declared there.
func (t *tree) checkPage(p, text string, declared map[string]bool) (problems []string) {
	for _, m := range pageLink.FindAllStringSubmatch(text, -1) {
		to, _, _ := strings.Cut(m[2], "#")
		if to == "" || strings.Contains(to, ":") {
			continue
		}
		to = path.Join(path.Dir(p), to)
		name := strings.Trim(m[1], "`")
		switch {
		case !t.exists(to):
			problems = append(problems, fmt.Sprintf("%s: %s is not there", p, to))
		case path.Ext(to) == ".go" && path.Ext(name) != ".go" && !declared[to+" "+name]:
			problems = append(problems, fmt.Sprintf("%s: %s declares no %s", p, to, name))
		}
	}
	for _, m := range testName.FindAllStringSubmatch(text, -1) {
		if !declared[m[1]] {
			problems = append(problems, fmt.Sprintf("%s: there is no test %s", p, m[1]))
		}
	}
	return problems
}

// checkMap wants each package that has a row and files on the map.
func (t *tree) checkMap(text string) (problems []string) {
	for _, r := range house {
		written := slices.ContainsFunc(t.files, func(f *source) bool { return f.pkg == r.pkg })
		name, top := strings.CutPrefix(r.pkg, "/")
		if !top {
			name = "internal/" + name
		}
		if written && name != "" && !strings.Contains(text, "`"+name+"`") {
			problems = append(problems, "ARCHITECTURE.md: the map lacks `"+name+"`: "+r.why)
		}
	}
	return problems
}

// declarations returns the functions, methods, types, constants and variables of a file.
func declarations(f *ast.File) map[string]bool {
	names := map[string]bool{}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			names[funcName(d)] = true
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					names[spec.Name.Name] = true
				case *ast.ValueSpec:
					for _, n := range spec.Names {
						names[n.Name] = true
					}
				}
			}
		}
	}
	return names
}
