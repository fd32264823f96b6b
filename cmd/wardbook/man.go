package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

type manCommand struct{}

// Help implements kong.HelpProvider.
func (c *manCommand) Help() string {
	return `Example:
  wardbook man`
}

// Run implements the command.
func (c *manCommand) Run(k *kong.Context, e env) error {
	_, err := io.WriteString(e.out, manual(k.Model.Node))
	return err
}

// roff is a page in the language of man(7).
type roff struct{ strings.Builder }

// plain is text in which nothing is a request or an escape.
func (r *roff) plain(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}

// request writes a line with a request and its argument.
func (r *roff) request(name, text string) {
	fmt.Fprintf(r, ".%s %s\n", name, strings.ReplaceAll(r.plain(text), `"`, `\(dq`))
}

// lines writes text, one line under the other; lines that are set in stay as they are.
func (r *roff) lines(text string) {
	set := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		in := strings.HasPrefix(line, "  ")
		switch {
		case in && !set:
			r.WriteString(".PP\n.nf\n.RS 4\n")
		case !in && set:
			r.WriteString(".RE\n.fi\n")
		}
		set = in
		if line == "" {
			r.WriteString(".PP\n")
			continue
		}
		r.WriteString(r.plain(strings.TrimPrefix(line, "  ")) + "\n")
	}
	if set {
		r.WriteString(".RE\n.fi\n")
	}
}

// manual is the whole manual page, made from what the program itself reads its command line by.
func manual(root *kong.Node) string {
	r := &roff{}
	r.WriteString(".TH WARDBOOK 1 \"\" \"Wardbook\" \"User Commands\"\n")
	r.WriteString(".SH NAME\nwardbook \\- a CRM for companies that cannot afford to lose customer data\n")
	r.WriteString(".SH SYNOPSIS\n.B wardbook\n.I command\n[flags]\n.SH COMMANDS\n")
	vars := map[string]string{}
	var names []string
	for _, leaf := range root.Leaves(true) {
		r.request("SS", leaf.Summary())
		r.WriteString(r.plain(leaf.Help) + "\n")
		for _, a := range leaf.Positional {
			r.item("I", a.Name, a.Help)
		}
		for _, f := range leaf.Flags {
			if f.Hidden {
				continue
			}
			text := f.Help
			if f.Enum == "" && f.HasDefault && f.Default != "" {
				text += " Default: " + f.Default + "."
			}
			r.item("B", f.String(), text)
			for _, name := range f.Envs {
				if vars[name] == "" {
					names = append(names, name)
					vars[name] = "--" + f.Name + ": " + f.Help
				}
			}
		}
		if leaf.Detail != "" {
			r.WriteString(".PP\n")
			r.lines(leaf.Detail)
		}
	}
	r.WriteString(".SH ENVIRONMENT\nFlags win over the environment.\n")
	for _, name := range names {
		r.item("B", name, vars[name])
	}
	r.WriteString(".SH EXIT STATUS\n")
	r.item("B", "0", "Done.")
	r.item("B", "1", "It failed; the reason is on standard error.")
	r.item("B", "2", "The command line cannot be understood.")
	return r.String()
}

// item writes a term with what it means.
func (r *roff) item(font, term, text string) {
	r.WriteString(".TP\n")
	r.request(font, term)
	r.WriteString(r.plain(text) + "\n")
}
