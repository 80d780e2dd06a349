package sqlstore

import (
	"os"
	"syscall"
)

// writeBack has the disk take what was written to a part of the file. It makes nothing durable: that is Sync's, for
// which less is left then.
func writeBack(f *os.File, from, n int64) error {
	const wait, write, waitAgain = 1, 2, 4 // SYNC_FILE_RANGE_…, sync_file_range(2)
	return syscall.SyncFileRange(int(f.Fd()), from, n, wait|write|waitAgain)
}
