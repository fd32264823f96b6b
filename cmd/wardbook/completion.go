package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCommand struct {
	Shell string `arg:"" help:"bash, zsh or fish." enum:"bash,zsh,fish"`
}

// Help implements kong.HelpProvider.
func (c *completionCommand) Help() string {
	return `Examples:
  wardbook completion bash
  wardbook completion fish`
}

// Run implements the command.
func (c *completionCommand) Run(k *kong.Context, e env) error {
	g := grounds(k.Model.Node, "")
	switch c.Shell {
	case "bash":
		return bashCompletion(e.out, g)
	case "zsh":
		return zshCompletion(e.out, g)
	}
	return fishCompletion(e.out, g)
}

// ground is a place in the command line: after which commands, and what may follow there.
type ground struct {
	path     string // the commands so far, with spaces between them
	children []*kong.Node
	flags    []*kong.Flag
	args     []*kong.Positional
}

// grounds lists a node and everything below it, the node first.
func grounds(n *kong.Node, path string) []ground {
	g := ground{path: path, args: n.Positional}
	for _, all := range n.AllFlags(true) {
		g.flags = append(g.flags, all...)
	}
	list := []ground{g}
	for _, child := range n.Children {
		if !child.Hidden {
			list[0].children = append(list[0].children, child)
			list = append(list, grounds(child, strings.TrimSpace(path+" "+child.Name))...)
		}
	}
	return list
}

// steps are the pairs of place and word that lead to another place, each quoted for a case.
func steps(list []ground) []string {
	var out []string
	for _, g := range list {
		for _, child := range g.children {
			out = append(out, quote(g.path+" "+child.Name))
		}
	}
	return out
}

// quote makes one word of text, in the three shells.
func quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// choices are the values that something takes; none where it takes any.
func choices(v *kong.Value) []string {
	if v.Enum == "" {
		return nil
	}
	return v.EnumSlice()
}

// named reports whether a value is the name of a file or folder.
func named(v *kong.Value) bool {
	what := v.Name
	if v.Flag != nil {
		what = v.Flag.PlaceHolder
	}
	return strings.EqualFold(what, "file") || strings.EqualFold(what, "dir")
}

const bashHead = `# Completion of wardbook in bash. Load it with: source <(wardbook completion bash)
_wardbook() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} at= words= i
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at ${COMP_WORDS[i]}" in
      %s) at=${at:+$at }${COMP_WORDS[i]} ;;
    esac
  done
  case "$at $prev" in
`

func bashCompletion(w io.Writer, list []ground) error {
	var b strings.Builder
	fmt.Fprintf(&b, bashHead, strings.Join(steps(list), "|"))
	for _, g := range list {
		for _, f := range g.flags {
			if !f.IsBool() {
				fmt.Fprintf(&b, "    %s) words=%s ;;\n", quote(g.path+" --"+f.Name), quote(strings.Join(choices(f.Value), " ")))
			}
		}
	}
	b.WriteString("    *) case \"$at\" in\n")
	for _, g := range list {
		var words []string
		for _, child := range g.children {
			words = append(words, child.Name)
		}
		for _, a := range g.args {
			words = append(words, choices(a)...)
		}
		for _, f := range g.flags {
			words = append(words, "--"+f.Name)
		}
		fmt.Fprintf(&b, "      %s) words=%s ;;\n", quote(g.path), quote(strings.Join(words, " ")))
	}
	b.WriteString("    esac ;;\n  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\ncomplete -o default -F _wardbook wardbook\n")
	_, err := io.WriteString(w, b.String())
	return err
}

const zshHead = `#compdef wardbook
# Completion of wardbook in zsh. Put it into a folder of $fpath as _wardbook.
_wardbook() {
  local at= n=1 i
  for ((i = 2; i < CURRENT; i++)); do
    case "$at ${words[i]}" in
      %s) at=${at:+$at }${words[i]}; n=$i ;;
    esac
  done
  shift $((n - 1)) words
  ((CURRENT -= n - 1))
  case "$at" in
`

func zshCompletion(w io.Writer, list []ground) error {
	var b strings.Builder
	fmt.Fprintf(&b, zshHead, strings.Join(steps(list), "|"))
	plain := strings.NewReplacer(`\`, `\\`, ":", `\:`, "[", `\[`, "]", `\]`)
	for _, g := range list {
		fmt.Fprintf(&b, "    %s)\n", quote(g.path))
		if len(g.children) > 0 {
			b.WriteString("      local -a commands=(")
			for _, child := range g.children {
				b.WriteString(" " + quote(child.Name+":"+plain.Replace(child.Help)))
			}
			b.WriteString(")\n      if [[ ${words[CURRENT]} != -* ]]; then _describe command commands; return; fi\n")
		}
		b.WriteString("      _arguments")
		for _, f := range g.flags {
			text := "--" + f.Name
			if f.IsCumulative() {
				text = "*" + text
			}
			if !f.IsBool() {
				text += "="
			}
			text += "[" + plain.Replace(f.Help) + "]"
			if !f.IsBool() {
				text += ":" + plain.Replace(strings.ToLower(f.FormatPlaceHolder())) + ":" + zshValues(f.Value)
			}
			b.WriteString(" \\\n        " + quote(text))
		}
		for _, a := range g.args {
			b.WriteString(" \\\n        " + quote(":"+a.Name+":"+zshValues(a)))
		}
		b.WriteString(" ;;\n")
	}
	b.WriteString("  esac\n}\nif [[ ${funcstack[1]-} == _wardbook ]]; then _wardbook \"$@\"; else compdef _wardbook wardbook; fi\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func zshValues(v *kong.Value) string {
	switch list := choices(v); {
	case len(list) > 0:
		return "(" + strings.Join(list, " ") + ")"
	case named(v):
		return "_files"
	}
	return " "
}

const fishHead = `# Completion of wardbook in fish. Load it with: wardbook completion fish | source
function __wardbook_at
  set -l at
  for word in (commandline -opc)[2..-1]
    switch "$at $word"
      case %s
        set at (string trim "$at $word")
    end
  end
  test "$at" = "$argv[1]"
end
`

func fishCompletion(w io.Writer, list []ground) error {
	var b strings.Builder
	fmt.Fprintf(&b, fishHead, strings.Join(steps(list), " "))
	line := func(g ground, rest string) {
		fmt.Fprintf(&b, "complete -c wardbook -n %s %s\n", quote("__wardbook_at "+fishQuote(g.path)), rest)
	}
	for _, g := range list {
		for _, child := range g.children {
			line(g, "-f -a "+child.Name+" -d "+fishQuote(child.Help))
		}
		for _, a := range g.args {
			if c := choices(a); len(c) > 0 {
				line(g, "-f -a "+fishQuote(strings.Join(c, " "))+" -d "+fishQuote(a.Help))
			}
		}
		for _, f := range g.flags {
			rest := "-l " + f.Name
			if f.Short != 0 {
				rest += " -s " + string(f.Short)
			}
			switch c := choices(f.Value); {
			case f.IsBool():
			case len(c) > 0:
				rest += " -x -a " + fishQuote(strings.Join(c, " "))
			case named(f.Value):
				rest += " -r -F"
			default:
				rest += " -x"
			}
			line(g, rest+" -d "+fishQuote(f.Help))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// fishQuote is quote where it may stand within single quotes too.
func fishQuote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`).Replace(text) + `"`
}
