package checkout

// Wrapped is an Acquirer around another one, which it calls for all that it is asked. It has a method for
// every optional power (Authorizer, Inquirer, …), of which it can keep only what is inside.
type Wrapped interface {
	Acquirer
	Inside() Acquirer
}

// Able finds what an acquirer can do beside taking payments: T is one of the optional interfaces of an
// acquirer. A wrapper has a power when the acquirer within all wrappers has it, so ask here and not by a type
// assertion, which would believe the wrapper.
func Able[T any](a Acquirer) (power T, has bool) {
	inner := a
	for {
		w, wraps := inner.(Wrapped)
		if !wraps {
			break
		}
		inner = w.Inside()
	}
	if _, has = inner.(T); !has {
		return power, false
	}
	power, has = a.(T)
	return power, has
}
