package found

import (
	"fmt"
	"time"

	"github.com/wardbook/wardbook/internal/door"
)

// stamp is a moment as the door takes it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// call is a call that was made.
func (s *story) call(i, who int, about *thing, at time.Time) {
	outcome := "connected"
	if i%3 == 0 {
		outcome = s.choice("call.outcome", i/3)
	}
	v := door.Values{
		"subject": s.words.calls[i%len(s.words.calls)], "direction": s.choice("call.direction", i/2), "number": s.words.phone(&s.dice), "start_at": stamp(at.Add(-20 * time.Minute)),
		"outcome": outcome, "related_to": about,
	}
	if outcome == "connected" {
		v["length"], v["summary"] = number(60*s.dice.between(2, 35)), s.words.said[i%len(s.words.said)]
	}
	s.create(at, who, "call", "", v)
}

// meeting is one that was held, or is still to come.
func (s *story) meeting(i int, deal, c *thing, people []*thing, at time.Time, held bool) {
	v := door.Values{
		"subject": fmt.Sprintf(s.words.meetings[i%len(s.words.meetings)], c.name), "visibility": "default", "guests": people[:min(len(people), 2)], "related_to": deal,
	}
	if i%13 == 0 {
		v["visibility"] = "private"
	}
	if i%2 == 0 {
		v["location"] = s.words.places[i/2%len(s.words.places)]
	} else {
		v["video_url"] = fmt.Sprintf("https://meet.example.com/%06d", 100_000+i*37)
	}
	start := s.day(at, s.dice.between(1, 4), s.dice.between(9, 16), s.dice.roll(2))
	if !held {
		start = s.day(s.now, s.dice.between(0, 14), s.dice.between(9, 16), s.dice.roll(2))
	}
	v["start_at"], v["end_at"], v["status"] = stamp(start), stamp(start.Add(time.Duration(s.dice.between(1, 4))*30*time.Minute)), "planned"
	if i%29 == 3 {
		v["all_day"] = true
	}
	m := s.create(at, deal.who, "meeting", "", v)
	after := s.day(start, 0, start.Hour()+1, 0)
	if i%11 == 5 {
		s.change(after, deal.who, m, door.Values{"status": "not_held"})
	} else {
		s.change(after, deal.who, m, door.Values{"status": "held", "description": s.words.said[i%len(s.words.said)]})
	}
}

// task is one that was done, or, from the last days, is to be done.
func (s *story) task(i int, deal *thing, at time.Time, done bool) {
	due := s.day(at, s.dice.between(1, 8), s.dice.between(9, 17), 0)
	if !done {
		due = s.day(s.now, s.dice.between(-4, 12), s.dice.between(9, 17), 0)
	}
	v := door.Values{
		"subject": fmt.Sprintf(s.words.tasks[i%len(s.words.tasks)], deal.name), "due_at": stamp(due), "start_at": stamp(at), "priority": s.choice("task.priority", []int{1, 1, 2, 0, 1}[i%5]), "related_to": deal,
	}
	if i%3 == 0 {
		v["reminder_at"] = stamp(due.Add(-time.Hour))
	}
	if !done {
		v["status"] = []string{"not_started", "not_started", "in_progress", "waiting", "not_started"}[i%5]
	}
	t := s.create(at, deal.who, "task", "", v)
	if !done {
		return
	}
	status := "completed"
	if i%14 == 9 {
		status = "deferred"
	}
	s.change(s.day(due, -s.dice.roll(2), s.dice.between(9, 17), 0), deal.who, t, door.Values{"status": status})
}

// document is where a paper of a deal lies.
func (s *story) document(i int, deal *thing, at time.Time) {
	v := door.Values{
		"name": fmt.Sprintf(s.words.papers[i/5%len(s.words.papers)], deal.name), "link": fmt.Sprintf("https://files.example.com/%05d.pdf", 10_000+i), "status": s.choice("document.status", i/5),
		"confidentiality": s.choice("document.confidentiality", i/5+i/15), "related_to": deal,
	}
	v["expires_on"] = s.day(at, s.dice.between(30, 90), 12, 0).Format(time.DateOnly)
	if v["status"] == "expired" {
		v["expires_on"] = s.day(at, -10, 12, 0).Format(time.DateOnly)
	}
	s.create(at, deal.who, "document", "", v)
}
