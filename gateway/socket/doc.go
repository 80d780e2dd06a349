// Package socket calls the kernel for sockets that never block, and for nothing else, at the price of the call alone.
//
// Go tells its scheduler of every call that might block. Its monitor looks at the processors every 20 µs, takes one from
// a call that lasts longer, as a write to a busy loopback or card now and then does, and wakes another thread for it; the
// first is put to sleep when its call is over. As long as that happens once in a millisecond the monitor does not
// rest either. Sockets of package net say at once that a call would block, so nobody has to be told of it; for
// views that was an eighth of all the processor time (docs/performance.md, 'Calls without the scheduler').
//
// Waiting, deadlines and closing stay package net's: the calls are made by what syscall.RawConn is given. Elsewhere than
// on Linux they are Go's own, and under the race detector, to which package syscall tells that what was written before a
// send is seen behind its receipt.
package socket
