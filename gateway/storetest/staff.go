package storetest

import (
	"fmt"
	"time"

	"github.com/odelink/odelink/checkout"
)

// User stores a person.
func (b *Books) User(change ...func(*checkout.User)) checkout.User {
	b.Helper()
	u := checkout.User{
		ID: b.IDs.User(), Name: "Ayşe Işık", Lang: "tr", Password: checkout.Hidden("$argon2id$v=19$x"), Version: 1, CreatedAt: b.Clock.Now(), UpdatedAt: b.Clock.Now(),
	}
	u.Email = string(u.ID) + "@shop.example"
	for _, c := range change {
		c(&u)
	}
	b.must(b.Ledger.SaveUser(b.ctx, u))
	return u
}

func (b *Books) join(u checkout.User, r checkout.Role) checkout.Member {
	b.Helper()
	m := checkout.Member{Merchant: b.Merchant, User: u.ID, Role: r, CreatedAt: b.Clock.Now()}
	b.must(b.Ledger.SaveMember(b.ctx, m, b.Event("member.saved")))
	return m
}

func userFields(b *Books) {
	u := b.User(func(u *checkout.User) {
		u.Second, u.Spare = checkout.Hidden("0123456789"), [][]byte{[]byte("first"), {}, []byte("third")}
	})
	found, err := b.Ledger.UserByEmail(b.ctx, u.Email)
	b.must(err)
	b.equal("user by address", found, u)
	u.Name, u.Version, u.Spare = "Ayşe Yılmaz", 2, u.Spare[2:]
	b.must(b.Ledger.SaveUser(b.ctx, u))
	found, err = b.Ledger.UserByID(b.ctx, u.ID)
	b.must(err)
	b.equal("user, changed", found, u)
	b.want(b.Ledger.SaveUser(b.ctx, u), checkout.ErrStale)
	_, err = b.Ledger.UserByEmail(b.ctx, "nobody@shop.example")
	b.want(err, checkout.ErrNoUser)
	other := b.User()
	other.Email, other.Version = u.Email, 2
	b.want(b.Ledger.SaveUser(b.ctx, other), checkout.ErrEmailTaken)
}

// A code of the second factor is good once, and none that is older than one that was used (A50).
func secondOnce(b *Books) {
	u := b.User()
	for _, c := range []struct {
		step int64
		want bool
	}{{100, true}, {100, false}, {99, false}, {101, true}} {
		fresh, err := b.Ledger.SpendStep(b.ctx, u.ID, c.step)
		b.must(err)
		b.equal(fmt.Sprintf("step %d is fresh", c.step), fresh, c.want)
	}
	errs := together(8, func(int) error {
		fresh, err := b.Ledger.SpendStep(b.ctx, u.ID, 200)
		if err == nil && !fresh {
			err = checkout.ErrStale
		}
		return err
	})
	b.equal("uses of one code", tally(errs)[""], 1)
}

func membersOf(b *Books) {
	owner := b.User(func(u *checkout.User) { u.Second = checkout.Hidden("secret") })
	helper := b.User(func(u *checkout.User) { u.Name, u.Password = "Zeki Çınar", nil })
	b.join(owner, checkout.RoleOwner)
	b.join(helper, checkout.RoleSupport)
	m := checkout.Member{Merchant: b.Merchant, User: helper.ID, Role: checkout.RoleViewer, OwnLinks: true, CreatedAt: b.Clock.Now()}
	b.must(b.Ledger.SaveMember(b.ctx, m, b.Event("member.saved")))
	all, err := b.Ledger.Colleagues(b.ctx, b.Merchant)
	b.must(err)
	b.equal("colleagues", len(all), 2)
	b.equal("the owner first", all[0].User, owner.ID)
	b.equal("his second factor, though he has no spare codes", all[0].Second, true)
	b.equal("the helper", all[1], checkout.Colleague{Member: m, Email: helper.Email, Name: helper.Name, Pending: true})
	where, err := b.Ledger.Memberships(b.ctx, helper.ID)
	b.must(err)
	b.equal("merchants of the helper", len(where), 1)
	b.equal("what he is there", where[0].Member, m)
	nobody := m
	nobody.User = "usr_nobody"
	b.want(b.Ledger.SaveMember(b.ctx, nobody, b.Event("member.saved")), checkout.ErrNoUser)
	b.want(b.Ledger.RemoveMember(b.ctx, b.NewMerchant(), helper.ID, b.Event("member.removed")), checkout.ErrNoUser)
}

func lastOwner(b *Books) {
	one, two := b.User(), b.User()
	b.join(one, checkout.RoleOwner)
	down := checkout.Member{Merchant: b.Merchant, User: one.ID, Role: checkout.RoleViewer, CreatedAt: b.Clock.Now()}
	b.want(b.Ledger.SaveMember(b.ctx, down, b.Event("member.saved")), checkout.ErrLastOwner)
	b.want(b.Ledger.RemoveMember(b.ctx, b.Merchant, one.ID, b.Event("member.removed")), checkout.ErrLastOwner)
	b.join(two, checkout.RoleOwner)
	errs := together(2, func(i int) error {
		return b.Ledger.RemoveMember(b.ctx, b.Merchant, []checkout.UserID{one.ID, two.ID}[i], b.Event("member.removed"))
	})
	b.equal("owners that could leave at once", tally(errs)[""], 1)
	all, err := b.Ledger.Colleagues(b.ctx, b.Merchant)
	b.must(err)
	b.equal("owners left", len(all), 1)
}

func (b *Books) visit(u checkout.User, name string) checkout.Visit {
	b.Helper()
	now := b.Clock.Now()
	v := checkout.Visit{
		Hash: []byte(string(u.ID) + name), User: u.ID, Merchant: b.Merchant, Stage: checkout.StageIn, IP: "192.0.2.9", Agent: "Çerez/1.0",
		CreatedAt: now, SeenAt: now, EndsAt: now.Add(checkout.VisitMost),
	}
	b.must(b.Ledger.OpenVisit(b.ctx, v))
	return v
}

func visitLife(b *Books) {
	u := b.User()
	v := b.visit(u, "one")
	find := func() (checkout.Visit, error) { return b.Ledger.Visit(b.ctx, v.Hash, b.Clock.Now()) }
	found, err := find()
	b.must(err)
	b.equal("visit", found, v)
	for range 7 {
		b.Clock.Advance(checkout.VisitIdle - time.Second)
		if _, err = find(); err != nil {
			break
		}
	}
	b.want(err, checkout.ErrNoVisit) // used all the time, and over nevertheless
	b.Clock.Set(v.CreatedAt)
	idle := b.visit(u, "idle")
	b.Clock.Advance(checkout.VisitIdle + time.Second)
	_, err = b.Ledger.Visit(b.ctx, idle.Hash, b.Clock.Now())
	b.want(err, checkout.ErrNoVisit)
	_, err = b.Ledger.Visit(b.ctx, []byte("unknown"), b.Clock.Now())
	b.want(err, checkout.ErrNoVisit)
}

func visitEnds(b *Books) {
	u, m := b.User(), b.NewMerchant()
	one, two, three := b.visit(u, "1"), b.visit(u, "2"), b.visit(u, "3")
	b.must(b.Ledger.MoveVisit(b.ctx, two.Hash, m))
	all, err := b.Ledger.Visits(b.ctx, u.ID, b.Clock.Now())
	b.must(err)
	b.equal("visits", len(all), 3)
	b.must(b.Ledger.EndVisits(b.ctx, b.User().ID, one.Hash, nil)) // somebody else's hand does nothing
	b.must(b.Ledger.EndVisits(b.ctx, u.ID, one.Hash, nil))
	_, err = b.Ledger.Visit(b.ctx, one.Hash, b.Clock.Now())
	b.want(err, checkout.ErrNoVisit)
	b.must(b.Ledger.EndVisits(b.ctx, u.ID, nil, two.Hash))
	all, err = b.Ledger.Visits(b.ctx, u.ID, b.Clock.Now())
	b.must(err)
	b.equal("visits left", len(all), 1)
	b.equal("where it is", all[0].Merchant, m)
	b.want(b.Ledger.MoveVisit(b.ctx, three.Hash, m), checkout.ErrNoVisit)
	b.join(b.User(), checkout.RoleOwner)
	b.join(u, checkout.RoleViewer)
	here := b.visit(u, "here")
	b.must(b.Ledger.RemoveMember(b.ctx, b.Merchant, u.ID, b.Event("member.removed")))
	_, err = b.Ledger.Visit(b.ctx, here.Hash, b.Clock.Now())
	b.want(err, checkout.ErrNoVisit)
}

func invitationOnce(b *Books) {
	u := b.User(func(u *checkout.User) { u.Password = nil })
	now := b.Clock.Now()
	i := checkout.Invitation{Hash: []byte("first " + u.ID), User: u.ID, By: "user:usr_1", CreatedAt: now, ExpiresAt: now.Add(checkout.InvitationLife)}
	b.must(b.Ledger.SaveInvitation(b.ctx, i))
	found, err := b.Ledger.Invitation(b.ctx, i.Hash, now)
	b.must(err)
	b.equal("invitation", found, i)
	_, err = b.Ledger.Invitation(b.ctx, i.Hash, i.ExpiresAt)
	b.want(err, checkout.ErrNoInvitation)
	second := i
	second.Hash = []byte("second " + u.ID)
	b.must(b.Ledger.SaveInvitation(b.ctx, second))
	_, err = b.Ledger.Invitation(b.ctx, i.Hash, now)
	b.want(err, checkout.ErrNoInvitation)
	old := b.visit(u, "old")
	u.Password, u.Version = checkout.Hidden("new"), 2
	errs := together(8, func(int) error { return b.Ledger.UseInvitation(b.ctx, second.Hash, u) })
	b.equal("uses", tally(errs)[""], 1)
	_, err = b.Ledger.Visit(b.ctx, old.Hash, now)
	b.want(err, checkout.ErrNoVisit)
}

func joiningOnce(b *Books) {
	u, other, now := b.User(), b.User(), b.Clock.Now()
	j := checkout.Joining{Hash: []byte("first " + u.ID), User: u.ID, Merchant: b.Merchant, Role: checkout.RoleFinance, OwnLinks: true, By: "user:usr_1", CreatedAt: now, ExpiresAt: now.Add(checkout.InvitationLife)}
	b.must(b.Ledger.SaveJoining(b.ctx, j, b.Event("member.invited")))
	found, err := b.Ledger.Joining(b.ctx, j.Hash, now)
	b.must(err)
	b.equal("joining", found, j)
	_, err = b.Ledger.Joining(b.ctx, j.Hash, j.ExpiresAt)
	b.want(err, checkout.ErrNoInvitation)
	second := j
	second.Hash = []byte("second " + u.ID)
	b.must(b.Ledger.SaveJoining(b.ctx, second, b.Event("member.invited")))
	_, err = b.Ledger.Joining(b.ctx, j.Hash, now)
	b.want(err, checkout.ErrNoInvitation)
	more, whose := second, second
	more.Role, whose.User = checkout.RoleOwner, other.ID
	for _, forged := range []checkout.Joining{j, more, whose} {
		b.want(b.Ledger.Join(b.ctx, forged, b.Event("member.joined")), checkout.ErrNoInvitation)
	}
	reset := checkout.Invitation{Hash: []byte("reset " + u.ID), User: u.ID, By: "user:usr_1", CreatedAt: now, ExpiresAt: now.Add(checkout.InvitationLife)}
	b.must(b.Ledger.SaveInvitation(b.ctx, reset))
	errs := together(8, func(int) error { return b.Ledger.Join(b.ctx, second, b.Event("member.joined")) })
	b.equal("uses", tally(errs)[""], 1)
	all, err := b.Ledger.Memberships(b.ctx, u.ID)
	b.must(err)
	b.equal("what he is", []any{len(all), all[0].Merchant, all[0].Role, all[0].OwnLinks}, []any{1, b.Merchant, checkout.RoleFinance, true})
	_, err = b.Ledger.Invitation(b.ctx, reset.Hash, now)
	b.want(err, checkout.ErrNoInvitation)
}

func triesLock(b *Books) {
	rule := checkout.TryRule{Most: 3, Per: 10 * time.Minute, Locks: time.Hour}
	key := []byte("key " + b.IDs.User())
	try := func() time.Time {
		until, err := b.Ledger.CountTry(b.ctx, key, b.Clock.Now(), rule)
		b.must(err)
		return until
	}
	for range 3 {
		b.equal("allowed", try(), time.Time{})
	}
	locked := b.Clock.Now().Add(time.Hour)
	b.equal("one too many", try(), locked)
	b.Clock.Advance(59 * time.Minute)
	b.equal("still locked, and not longer", try(), locked)
	b.Clock.Advance(2 * time.Minute)
	b.equal("over", try(), time.Time{})
	b.must(b.Ledger.ClearTries(b.ctx, key))
	for range 3 {
		b.equal("allowed anew", try(), time.Time{})
	}
	b.must(b.Ledger.ForgetTry(b.ctx, key))
	b.equal("in the place of a good one", try(), time.Time{})
	b.Clock.Advance(11 * time.Minute)
	b.equal("long ago", try(), time.Time{})
	together(20, func(int) error { try(); return nil })
	b.equal("many at once", try().IsZero(), false)
}

func signInNotes(b *Books) {
	u := b.User()
	n := checkout.SignIn{User: u.ID, Key: []byte("k"), How: checkout.SignInPassword, IP: "2001:db8::1", Agent: "a", At: b.Clock.Now()}
	b.must(b.Ledger.SaveSignIn(b.ctx, n))
	b.Clock.Advance(time.Second)
	n2 := n
	n2.How, n2.At = checkout.SignInDone, b.Clock.Now()
	b.must(b.Ledger.SaveSignIn(b.ctx, n2))
	all, err := b.Ledger.SignIns(b.ctx, u.ID, 10)
	b.must(err)
	b.equal("sign-ins, newest first", all, []checkout.SignIn{n2, n})
}

func linksOfMaker(b *Books) {
	u := b.User()
	other := b.Create()
	l := b.Link()
	n := b.New(l)
	n.Maker = u.ID
	b.must(b.Ledger.CreateLink(b.ctx, n))
	p := b.Pay(b.ReadLink(l.ID))
	b.Pay(other)
	b.equal("links", b.foundLinks(checkout.LinkQuery{Maker: u.ID}), []checkout.LinkID{l.ID})
	found, _, err := b.Ledger.SearchPayments(b.ctx, checkout.PaymentQuery{Merchant: b.Merchant, Maker: u.ID})
	b.must(err)
	b.equal("payments", len(found), 1)
	b.equal("its payment", found[0].ID, p.ID)
	for id, want := range map[checkout.LinkID]checkout.UserID{l.ID: u.ID, other.ID: ""} {
		maker, err := b.Ledger.LinkMaker(b.ctx, b.Merchant, id)
		b.must(err)
		b.equal("maker", maker, want)
	}
	_, err = b.Ledger.LinkMaker(b.ctx, b.NewMerchant(), l.ID)
	b.want(err, checkout.ErrNoLink)
}
