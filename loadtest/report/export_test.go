package report

// Write is write.
var Write = write
