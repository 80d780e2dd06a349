package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/odelink/odelink/checkout"
)

// The demo's user, as public as its key.
const (
	demoUser     = checkout.UserID("usr_0000000000000000000001")
	demoEmail    = "demo@odelink.test"
	demoPassword = "odelink-demo"
	// demoHash is the password as it is stored, worked out once: a demo starts at once.
	demoHash = "$argon2id$v=19$m=19456,t=2,p=1$BMJKcO5BjXf+Y9bVmIKfKw$V/ViElKjz87WB0rgUeQiZ9Whr2dLFZyUKgtHqObC1oA"
)

// seedUser makes the demo's user and has him own the demo's merchant.
func (a *app) seedUser(ctx context.Context, by func(subject, typ string) checkout.Event) error {
	now := a.seams.clock.Now()
	if _, err := a.ledger.UserByID(ctx, demoUser); err == nil || !errors.Is(err, checkout.ErrNoUser) {
		return err
	}
	u := checkout.User{ID: demoUser, Email: demoEmail, Name: "Deniz Demir", Password: checkout.Hidden(demoHash), Version: 1, CreatedAt: now, UpdatedAt: now}
	if err := a.ledger.SaveUser(ctx, u); err != nil {
		return err
	}
	m := checkout.Member{Merchant: demoMerchant, User: demoUser, Role: checkout.RoleOwner, CreatedAt: now}
	return a.ledger.SaveMember(ctx, m, by(string(demoMerchant), "member.saved"))
}

// userCommand lets somebody in to the panel: a new user, or one who lost his password or his phone.
func userCommand(ctx context.Context, args []string, out io.Writer) error {
	_, rest, err := subcommand("user", args, "invite")
	if err != nil {
		return err
	}
	var email, name, merchant, role string
	var again bool
	flags := flag.NewFlagSet("user invite", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&email, "email", "", "what the user signs in with (required)")
	flags.StringVar(&name, "name", "", "the user's name; the part of the address before @ if empty")
	flags.StringVar(&merchant, "merchant", "", "the merchant's id, mer_… (required for a new user)")
	flags.StringVar(&role, "role", string(checkout.RoleOwner), "owner, finance, support or viewer")
	flags.BoolVar(&again, "forget-phone", false, "take away the second factor, which is set up anew at the next sign-in")
	if err := parseAll(flags, rest); err != nil {
		return err
	}
	email, code := checkout.CheckEmail(email)
	if code != "" {
		return fmt.Errorf("user invite: -email: %s", code)
	}
	if !checkout.Role(role).Known() {
		return fmt.Errorf("user invite: -role is one of %v", checkout.Roles)
	}
	if name == "" {
		name, _, _ = strings.Cut(email, "@")
	}
	return withApp(ctx, nil, out, func(a *app) error {
		address, err := a.invite(ctx, email, name, checkout.MerchantID(merchant), checkout.Role(role), again)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "give this address to %s; it is good once, until %s:\n%s\n", email, a.seams.clock.Now().Add(checkout.InvitationLife).Format("2006-01-02 15:04 MST"), address)
		return nil
	})
}

// invite makes the user and the membership where they are missing, and an invitation.
func (a *app) invite(ctx context.Context, email, name string, m checkout.MerchantID, r checkout.Role, forgetPhone bool) (address string, err error) {
	now, by := a.seams.clock.Now(), checkout.By{Actor: "operator"}
	u, err := a.ledger.UserByEmail(ctx, email)
	switch {
	case errors.Is(err, checkout.ErrNoUser) && m == "":
		return "", errors.New("user invite: nobody has this address, and a new user needs -merchant")
	case errors.Is(err, checkout.ErrNoUser):
		u = checkout.User{ID: a.ids.User(), Email: email, Name: name, Version: 1, CreatedAt: now, UpdatedAt: now}
		err = a.ledger.SaveUser(ctx, u)
	case err == nil && m != "" && len(u.Password) > 0 && !forgetPhone:
		_, address, err = a.panel.InviteToJoin(ctx, by, m, checkout.NewColleague{Email: email, Role: r})
		if !errors.Is(err, checkout.ErrNoUser) && checkout.KindOf(err) != checkout.KindInvalid {
			return address, err // who works elsewhere; who works here, or nowhere, chooses a new password
		}
		err = nil
	case err == nil && forgetPhone:
		u.Second, u.Spare, u.Version, u.UpdatedAt = nil, nil, u.Version+1, now
		err = errors.Join(a.ledger.SaveUser(ctx, u), a.ledger.EndVisits(ctx, u.ID, nil, nil))
	}
	if err != nil {
		return "", err
	}
	if m != "" {
		member := checkout.Member{Merchant: m, User: u.ID, Role: r, CreatedAt: now}
		e := checkout.Event{Merchant: m, Subject: string(m), Type: "member.saved", Actor: by.Actor, At: now, Data: map[string]string{"user": string(u.ID), "role": string(r)}}
		if err := a.ledger.SaveMember(ctx, member, e); err != nil {
			return "", err
		}
	}
	return a.panel.Invite(ctx, by, u.ID)
}
