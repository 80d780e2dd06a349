package checkout

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"
)

// ErrUserElsewhere: the user works for another merchant too, or is who asks, so nobody here opens or shuts the
// door for him.
var ErrUserElsewhere = &Error{Kind: KindConflict, Code: "user_elsewhere"}

// NewColleague is what an owner says of somebody whom he invites.
type NewColleague struct {
	Email    string
	Name     string // "" = the part of the address before @
	Role     Role
	OwnLinks bool // sees only links that he makes
}

// Colleagues answers who is what at a merchant, owners first, then by name.
func (s *Service) Colleagues(ctx context.Context, m MerchantID) ([]Colleague, error) {
	return s.Ledger.Colleagues(ctx, m)
}

// Colleague is one of them. ErrNoUser also for somebody else's.
func (s *Service) Colleague(ctx context.Context, m MerchantID, id UserID) (Colleague, error) {
	all, err := s.Ledger.Colleagues(ctx, m)
	if err != nil {
		return Colleague{}, err
	}
	for _, c := range all {
		if c.User == id {
			return c, nil
		}
	}
	return Colleague{}, ErrNoUser
}

// ErrWorksElsewhere: the user has a door already, and joins by InviteToJoin.
var ErrWorksElsewhere = &Error{Kind: KindConflict, Code: "works_elsewhere"}

// AddColleague makes a user and what he is at the merchant; he comes in by an invitation. Whoever works for
// another merchant is left as he is, ErrWorksElsewhere: this one's owner must not be able to choose a password that opens
// the other's door, nor the other's owner one that opens this. Somebody who works nowhere any more begins anew, without
// his former password and phone, which an earlier employer may have chosen. Invalid.
func (s *Service) AddColleague(ctx context.Context, by By, m MerchantID, n NewColleague) (User, error) {
	n, errs := checkColleague(n)
	if len(errs) > 0 {
		return User{}, Invalid(errs...)
	}
	now := s.Clock.Now()
	u, err := s.Ledger.UserByEmail(ctx, n.Email)
	switch {
	case errors.Is(err, ErrNoUser):
		u = User{ID: s.IDs.User(), Email: n.Email, CreatedAt: now}
	case err != nil:
		return User{}, err
	default:
		if err := s.worksNowhere(ctx, m, u.ID); err != nil {
			return User{}, err
		}
	}
	u.Name, u.Password, u.Second, u.Spare = n.Name, nil, nil, nil
	u.Version, u.UpdatedAt = u.Version+1, now
	if err := s.Ledger.SaveUser(ctx, u); err != nil {
		return User{}, err
	}
	if err := s.Ledger.EndVisits(ctx, u.ID, nil, nil); err != nil {
		return User{}, err
	}
	member := Member{Merchant: m, User: u.ID, Role: n.Role, OwnLinks: n.OwnLinks, CreatedAt: now}
	return u, s.Ledger.SaveMember(ctx, member, s.memberEvent(member, "member.added", by))
}

func checkColleague(n NewColleague) (_ NewColleague, errs []FieldError) {
	email, code := CheckEmail(n.Email)
	if code != "" {
		errs = append(errs, FieldError{Field: "email", Code: code})
	}
	if n.Email = email; n.Name == "" {
		n.Name, _, _ = strings.Cut(email, "@")
	}
	if code := CheckName(n.Name); code != "" && email != "" {
		errs = append(errs, FieldError{Field: "name", Code: code})
	}
	if !n.Role.Known() {
		errs = append(errs, FieldError{Field: "role", Code: "unknown_value"})
	}
	return n, errs
}

// worksNowhere refuses a user who is a member somewhere.
func (s *Service) worksNowhere(ctx context.Context, m MerchantID, id UserID) error {
	all, err := s.Ledger.Memberships(ctx, id)
	if err != nil {
		return err
	}
	for _, have := range all {
		if have.Merchant == m {
			return Invalid(FieldError{Field: "email", Code: "already_colleague"})
		}
	}
	if len(all) > 0 {
		return ErrWorksElsewhere
	}
	return nil
}

// InviteToJoin invites who works for another merchant to work for this one as well; hash is of what stands in the address
// that he is given. Nothing of him changes before he has come in by his own password and accepted. Invalid; ErrNoUser for
// who works nowhere.
func (s *Service) InviteToJoin(ctx context.Context, by By, m MerchantID, n NewColleague, hash []byte) (User, error) {
	n, errs := checkColleague(n)
	if len(errs) > 0 {
		return User{}, Invalid(errs...)
	}
	u, err := s.Ledger.UserByEmail(ctx, n.Email)
	if err != nil {
		return User{}, err
	}
	if err := s.worksNowhere(ctx, m, u.ID); !errors.Is(err, ErrWorksElsewhere) {
		return User{}, cmp.Or[error](err, ErrNoUser)
	}
	now := s.Clock.Now()
	j := Joining{Hash: hash, User: u.ID, Merchant: m, Role: n.Role, OwnLinks: n.OwnLinks, By: by.Actor, CreatedAt: now, ExpiresAt: now.Add(InvitationLife)}
	return u, s.Ledger.SaveJoining(ctx, j, s.memberEvent(Member{Merchant: m, User: u.ID, Role: n.Role, OwnLinks: n.OwnLinks}, "member.invited", by))
}

// Join accepts a joining for by, who came in as its user. ErrNoInvitation.
func (s *Service) Join(ctx context.Context, by By, j Joining) error {
	if by.User != j.User {
		return ErrNoInvitation
	}
	return s.Ledger.Join(ctx, j, s.memberEvent(Member{Merchant: j.Merchant, User: j.User, Role: j.Role, OwnLinks: j.OwnLinks}, "member.joined", by))
}

// ChangeColleague changes what a colleague may; his visits end, but for the one whose hash is keep (A49).
// ErrNoUser, ErrLastOwner.
func (s *Service) ChangeColleague(ctx context.Context, by By, m MerchantID, id UserID, role Role, own bool, keep []byte) error {
	if !role.Known() {
		return Invalid(FieldError{Field: "role", Code: "unknown_value"})
	}
	c, err := s.Colleague(ctx, m, id)
	if err != nil {
		return err
	}
	c.Role, c.OwnLinks = role, own
	if err := s.Ledger.SaveMember(ctx, c.Member, s.memberEvent(c.Member, "member.changed", by)); err != nil {
		return err
	}
	return s.Ledger.EndVisits(ctx, id, nil, keep)
}

// RemoveColleague ends a membership. ErrNoUser, ErrLastOwner.
func (s *Service) RemoveColleague(ctx context.Context, by By, m MerchantID, id UserID) error {
	return s.Ledger.RemoveMember(ctx, m, id, s.memberEvent(Member{Merchant: m, User: id}, "member.removed", by))
}

// Reinvite notes that a colleague gets another invitation, which lets him choose a new password, and answers who
// he is. ErrNoUser; ErrUserElsewhere.
func (s *Service) Reinvite(ctx context.Context, by By, m MerchantID, id UserID) (User, error) {
	c, u, err := s.ours(ctx, by, m, id)
	if err != nil {
		return User{}, err
	}
	return u, s.Ledger.SaveMember(ctx, c.Member, s.memberEvent(c.Member, "member.invited", by))
}

// ForgetPhone takes away a colleague's second factor, which he sets up anew at his next sign-in; his visits end.
// ErrNoUser; ErrUserElsewhere.
func (s *Service) ForgetPhone(ctx context.Context, by By, m MerchantID, id UserID) error {
	c, u, err := s.ours(ctx, by, m, id)
	if err != nil {
		return err
	}
	u.Second, u.Spare, u.Version, u.UpdatedAt = nil, nil, u.Version+1, s.Clock.Now()
	if err := s.Ledger.SaveUser(ctx, u); err != nil {
		return err
	}
	if err := s.Ledger.EndVisits(ctx, id, nil, nil); err != nil {
		return err
	}
	return s.Ledger.SaveMember(ctx, c.Member, s.memberEvent(c.Member, "member.phone_forgotten", by))
}

// ours finds a colleague who works for this merchant only and is not who asks: his own password and phone change
// with his present password.
func (s *Service) ours(ctx context.Context, by By, m MerchantID, id UserID) (Colleague, User, error) {
	c, err := s.Colleague(ctx, m, id)
	if err != nil {
		return c, User{}, err
	}
	all, err := s.Ledger.Memberships(ctx, id)
	if err != nil {
		return c, User{}, err
	}
	if len(all) != 1 || by.User == id {
		return c, User{}, ErrUserElsewhere
	}
	u, err := s.Ledger.UserByID(ctx, id)
	return c, u, err
}

func (s *Service) memberEvent(m Member, typ string, by By) Event {
	e := s.merchantEvent(m.Merchant, typ, by)
	e.Data = map[string]string{"user": string(m.User)}
	if m.Role != "" {
		e.Data["role"], e.Data["own_links"] = string(m.Role), strconv.FormatBool(m.OwnLinks)
	}
	return e
}
