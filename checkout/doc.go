// Package checkout is what a payment link and a payment are, and how they go on: money, cards,
// links, offers, the life of a payment, the ports to the outside and the flow through them.
//
// It deliberately knows no bank, no store, no web framework and no wall clock: it imports the
// standard library only, and time, randomness and every outside thing come in through Service.
//
//	View      what the link's page shows             (hot state, refilled from the ledger)
//	Offers    what this card may choose              (BIN table, accounts, legal caps)
//	Pay       write the attempt, then open 3-D       → challenged
//	Return    judge what the browser brought back    → authorizing → paid | declined | failed | pending
//	Settle    ask the bank about what is in doubt    pending → paid | declined | failed
//
// No step calls the next one: each leaves the payment in a state, so that any of them can be
// repeated, lost or late without harm.
package checkout
