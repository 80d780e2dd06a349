// Package web is what every surface shares at the edge: the listener and its limits, the strict
// reading of request heads, the answers to errors, the ready security headers, the choice of
// language and the client's address.
//
// It deliberately knows no page, no route and no store: surfaces register those on the App that
// NewApp makes, and hand in what is theirs as functions (how an error page looks, what a field's
// mistake is called). It never builds a link from what a request says about its host.
//
//	listener   accepts, pauses when descriptors run out, caps connections     (listener.go)
//	head guard one strict reading of every request head, before fasthttp      (head.go, conn.go)
//	lane       answers the hottest routes there, in fasthttp's and Fiber's stead (lane.go)
//	edge       panics, host, codings, card numbers in the wrong place         (edge.go)
//	surface    parses, calls the flow, renders                                (not here)
//	errors     the only place where an error becomes an answer                (errors.go)
//	server     serves until told to stop, then lets open calls end            (server.go)
package web
