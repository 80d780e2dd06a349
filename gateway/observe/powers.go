package observe

import "github.com/odelink/odelink/checkout"

// Short names, so that the table below has one line for each shape.
type (
	acq  = checkout.Acquirer
	aut  = checkout.Authorizer
	inq  = checkout.Inquirer
	voi  = checkout.Voider
	ref  = checkout.Refunder
	capt = checkout.Capturer
	ver  = checkout.Verifier
)

// withPowersOf shows of a what the acquirer inside it has. Optional powers are found by type
// assertion, so that a wrapper that had them all would promise what the bank cannot do.
func withPowersOf(a *measured) checkout.Acquirer {
	shape := 0
	for bit, has := range []bool{
		is[aut](a.Acquirer),
		is[inq](a.Acquirer),
		is[voi](a.Acquirer),
		is[ref](a.Acquirer),
		is[capt](a.Acquirer),
		is[ver](a.Acquirer),
	} {
		if has {
			shape |= 1 << bit
		}
	}
	return shapes[shape](a)
}

func is[power any](a checkout.Acquirer) bool {
	_, yes := a.(power)
	return yes
}

// shapes has one shape for each combination of powers, indexed by the bits above. A new power doubles
// the table; TestAMeasuredAcquirerHasThePowersOfTheOneInside walks it.
var shapes = [...]func(*measured) checkout.Acquirer{
	func(a *measured) acq { return struct{ acq }{a} },
	func(a *measured) acq {
		return struct {
			acq
			aut
		}{a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			inq
		}{a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			inq
		}{a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			voi
		}{a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			voi
		}{a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			inq
			voi
		}{a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			inq
			voi
		}{a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			ref
		}{a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			ref
		}{a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			inq
			ref
		}{a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			inq
			ref
		}{a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			voi
			ref
		}{a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			voi
			ref
		}{a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			inq
			voi
			ref
		}{a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			inq
			voi
			ref
		}{a, a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			capt
		}{a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			capt
		}{a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			inq
			capt
		}{a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			inq
			capt
		}{a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			voi
			capt
		}{a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			voi
			capt
		}{a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			inq
			voi
			capt
		}{a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			inq
			voi
			capt
		}{a, a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			ref
			capt
		}{a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			ref
			capt
		}{a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			inq
			ref
			capt
		}{a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			inq
			ref
			capt
		}{a, a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			voi
			ref
			capt
		}{a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			voi
			ref
			capt
		}{a, a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			inq
			voi
			ref
			capt
		}{a, a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			inq
			voi
			ref
			capt
		}{a, a, a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			ver
		}{a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			ver
		}{a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			inq
			ver
		}{a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			inq
			ver
		}{a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			voi
			ver
		}{a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			voi
			ver
		}{a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			inq
			voi
			ver
		}{a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			inq
			voi
			ver
		}{a, a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			ref
			ver
		}{a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			ref
			ver
		}{a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			inq
			ref
			ver
		}{a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			inq
			ref
			ver
		}{a, a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			voi
			ref
			ver
		}{a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			voi
			ref
			ver
		}{a, a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			inq
			voi
			ref
			ver
		}{a, a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			inq
			voi
			ref
			ver
		}{a, a, a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			capt
			ver
		}{a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			capt
			ver
		}{a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			inq
			capt
			ver
		}{a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			inq
			capt
			ver
		}{a, a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			voi
			capt
			ver
		}{a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			voi
			capt
			ver
		}{a, a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			inq
			voi
			capt
			ver
		}{a, a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			inq
			voi
			capt
			ver
		}{a, a, a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			ref
			capt
			ver
		}{a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			ref
			capt
			ver
		}{a, a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			inq
			ref
			capt
			ver
		}{a, a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			inq
			ref
			capt
			ver
		}{a, a, a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			voi
			ref
			capt
			ver
		}{a, a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			voi
			ref
			capt
			ver
		}{a, a, a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			inq
			voi
			ref
			capt
			ver
		}{a, a, a, a, a, a}
	},
	func(a *measured) acq {
		return struct {
			acq
			aut
			inq
			voi
			ref
			capt
			ver
		}{a, a, a, a, a, a, a}
	},
}
