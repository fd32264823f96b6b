package door

import (
	"context"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/journal"
)

// checkKnown refuses a journal that does not continue what was kept of it outside of the data: somebody
// put an older or another database in its place, or an older key ring. To go on would replace the only
// evidence.
func (d *Door) checkKnown(ctx context.Context, kept []byte) error {
	beside, err := d.keys.KnownCheckpoint(ctx)
	if err != nil {
		return err
	}
	for _, msg := range [][]byte{kept, beside} {
		if msg == nil {
			continue
		}
		cp, err := d.checkpoint(msg)
		switch {
		case fault.Reason(err) == "journal_signature":
			return fault.Wrap(fault.Conflict, err, "checkpoint_unsigned", "the key ring did not sign the checkpoint that was kept of the journal: the file keyring is an older copy, or the checkpoint is not this organisation's. Put the newest keyring back")
		case err != nil:
			return fault.Wrap(fault.Conflict, err, "checkpoint_damaged", "the checkpoint that was kept of the journal (the file checkpoint) is damaged: put a copy of it back; without one, run wardbook journal verify and then remove the file")
		}
		if err := d.continues(ctx, &cp); err != nil {
			return err
		}
	}
	return nil
}

func (d *Door) continues(ctx context.Context, cp *journal.Checkpoint) error {
	head, err := d.log.Head(ctx) // after the checkpoint was read, which another node may renew
	if err != nil {
		return err
	}
	if cp.Size > head.Size {
		return fault.New(fault.Conflict, "journal_behind", "the journal ends at entry %d, but a checkpoint of %d entries was kept of it: the database is missing, an older copy or cut off. Put the newest copy back; wardbook journal verify tells more", head.Size, cp.Size)
	}
	if err := d.extends(ctx, head, *cp); err != nil {
		return fault.Wrap(fault.Conflict, err, "journal_forked", "the journal is not the one that a checkpoint of %d entries was kept of: the database was replaced or altered. Put the newest copy back; wardbook journal verify tells more", cp.Size)
	}
	return nil
}

// grown returns the size at the checkpoint that is kept beside the keys, after checking that the log
// is that one grown longer: a log that was cut off or written anew must not replace the evidence.
func (d *Door) grown(ctx context.Context) (uint64, error) {
	msg, err := d.keys.KnownCheckpoint(ctx)
	if err != nil || msg == nil {
		return 0, err
	}
	known, err := d.checkpoint(msg)
	if err != nil {
		return 0, err
	}
	head, err := d.log.Head(ctx)
	if err != nil {
		return 0, err
	}
	if err := d.extends(ctx, head, known); err != nil {
		if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Internal) {
			err = fault.Wrap(fault.Unavailable, err, "journal_altered", "the journal was cut off or written anew, so it is not signed; run wardbook journal verify")
		}
		return 0, err
	}
	return known.Size, nil
}

// extends checks that the log with this head has only grown since a checkpoint.
func (d *Door) extends(ctx context.Context, head journal.Head, known journal.Checkpoint) error {
	f, err := journal.UnmarshalFrontier(head.Frontier)
	if err != nil {
		return err
	}
	if f.Size() == known.Size && f.Root() == known.Root {
		return nil
	}
	proof, err := journal.ConsistencyProof(*d.log.Hashes(ctx, f.Size()), known.Size, f.Size())
	if err != nil {
		return err
	}
	return journal.VerifyConsistency(proof, known.Size, known.Root, f.Size(), f.Root())
}

// checkpoint reads a checkpoint of this journal.
func (d *Door) checkpoint(msg []byte) (journal.Checkpoint, error) {
	trusted, err := d.Trusted()
	if err != nil {
		return journal.Checkpoint{}, err
	}
	return journal.OpenCheckpoint(msg, trusted)
}
