package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/journal"
)

type journalCommand struct {
	Verify verifyCommand `cmd:"" help:"Check that nothing in the journal, or in the records, was altered."`
	Tail   tailCommand   `cmd:"" help:"Print the newest entries."`
	Export dumpCommand   `cmd:"" help:"Write the journal to a folder that others can verify."`
}

type verifyCommand struct {
	where
	asJSON
	Export string   `help:"Verify an exported folder instead: needs neither data nor key." placeholder:"DIR"`
	Key    []string `help:"Verifier key to trust, of an exported folder; without one, the key in the folder is believed." placeholder:"VKEY"`
	Known  []string `help:"Checkpoint kept elsewhere, to compare with." placeholder:"FILE"`
}

// Run implements the command.
func (c *verifyCommand) Run(ctx context.Context, e env) error {
	known, err := readAll(c.Known)
	if err != nil {
		return err
	}
	if c.Export != "" {
		return c.export(e, known)
	}
	c.examine = true
	return with(ctx, e, c.where, func(o *organisation) error {
		// The folder's own copy of the checkpoint was written after the database's.
		if b, err := os.ReadFile(filepath.Join(c.Data, checkpointFile)); err == nil {
			known = append(known, b)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fault.Wrap(fault.Unavailable, err, "unreadable", "the file checkpoint cannot be read")
		}
		bar := newBar(e)
		v, err := o.door.As(o.owner(), door.ViaCLI).Verify(ctx, known, func(n uint64) { bar.show(int(n), 0) }) //nolint:gosec // a count
		bar.end()
		if err != nil {
			return err
		}
		err = c.print(e, v, func(w io.Writer) {
			report(w, &v.Report)
			fmt.Fprintf(w, "%d records compared with the journal\n", v.Records)
			for _, a := range v.Altered {
				fmt.Fprintf(w, "ALTERED: %s %s was %s outside of Wardbook\n", a.Object, a.ID, a.What)
			}
		})
		if err == nil && !v.OK() {
			err = fault.New(fault.Conflict, "altered", "the journal or the records were altered")
		}
		return err
	})
}

func readAll(files []string) ([][]byte, error) {
	var list [][]byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, fault.Wrap(fault.NotFound, err, "no_file", "--known: the file cannot be read")
		}
		list = append(list, b)
	}
	return list, nil
}

func (c *verifyCommand) export(e env, known [][]byte) error {
	r, err := journal.VerifyExport(os.DirFS(c.Export), journal.Trust{Keys: c.Key, Known: known})
	if err != nil {
		return err
	}
	err = c.print(e, r, func(w io.Writer) { report(w, &r) })
	if err == nil && !r.OK() {
		err = fault.New(fault.Conflict, "altered", "the exported journal was altered")
	}
	return err
}

func report(w io.Writer, r *journal.Report) {
	fmt.Fprintf(w, "%d entries, %d sealed parts, %d checkpoints, root %s\n", r.Entries, r.Sealed, r.Checkpoints, r.Root)
	if r.SelfSigned {
		fmt.Fprintln(w, "no --key was given: the log agrees with itself, which anybody can arrange")
	}
	if r.FirstBad != nil {
		fmt.Fprintf(w, "ALTERED: %s (%d problems)\n", r.FirstBad, r.Problems)
		return
	}
	fmt.Fprintf(w, "nothing was altered; entries 0 to %d are vouched for by a signature\n", int64(r.Signed)-1) //nolint:gosec // a count
}

type tailCommand struct {
	target
	asJSON
	Count int `short:"n" help:"How many entries." default:"20"`
}

// Run implements the command.
func (c *tailCommand) Run(ctx context.Context, e env) error {
	c.examine = true
	return reach(ctx, e, c.target, func(b book) error {
		list, err := b.tail(ctx, c.Count)
		if err != nil {
			return err
		}
		return c.print(e, list, func(w io.Writer) {
			for _, x := range list {
				at, _, _ := strings.Cut(x.Time, ".")
				fmt.Fprintf(w, "%d\t%sZ\t%s\t%s\t%s\t%s\t%s\n", x.Seq, at, x.Decision, x.Verb, x.Object, dash(x.Record), dash(x.Actor))
			}
		})
	})
}

func dash(x id.ID) string {
	if x.IsZero() {
		return "-"
	}
	return x.String()
}

type dumpCommand struct {
	where
	asJSON
	Output  string `required:"" help:"Folder to make." placeholder:"DIR"`
	Purpose string `help:"What it is for; kept in the journal." default:"export at the command line"`
}

// Run implements the command.
func (c *dumpCommand) Run(ctx context.Context, e env) error {
	if list, err := os.ReadDir(c.Output); err == nil && len(list) > 0 {
		return fault.InField("--output", "not_empty", "the folder is not empty: name a new one")
	}
	c.examine = true
	return with(ctx, e, c.where, func(o *organisation) error {
		n, err := o.door.As(o.owner(), door.ViaCLI).ExportJournal(ctx, c.Purpose, func(name string) (io.WriteCloser, error) {
			path := filepath.Join(c.Output, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				return nil, err
			}
			return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		})
		if err != nil {
			return err
		}
		keys, err := o.door.Keys()
		if err != nil {
			return err
		}
		return c.print(e, map[string]any{"exported": n, "keys": keys}, func(w io.Writer) {
			fmt.Fprintf(w, "exported %d entries\nverify with: wardbook journal verify --export %s --key '%s'\n", n, c.Output, strings.Join(keys, "' --key '"))
		})
	})
}

type undoCommand struct {
	target
	asJSON
	ChangeSet     string `arg:"" help:"Identifier of the change set."`
	DryRun        bool   `help:"Say what it would do."`
	SkipConflicts bool   `help:"Leave records that were changed again since."`
}

// Run implements the command.
func (c *undoCommand) Run(ctx context.Context, e env) error {
	set, err := id.Parse(c.ChangeSet)
	if err != nil {
		return err
	}
	return reach(ctx, e, c.target, func(b book) error {
		r, err := b.undo(ctx, set, c.DryRun, c.SkipConflicts)
		if err != nil {
			return err
		}
		return c.print(e, r, func(w io.Writer) {
			fmt.Fprintf(w, "undone: %d records, left as they are: %d\n", r.Changed, len(r.Conflicts))
		})
	})
}
