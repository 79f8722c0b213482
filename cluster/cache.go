package cluster

import (
	"fmt"
	"log/slog"
	"runtime"

	"github.com/cockroachdb/pebble/v2"
)

// A Cache holds blocks and open files of all clusters of a process. It is safe for
// concurrent use.
type Cache struct {
	blocks *pebble.Cache
	files  *pebble.FileCache
}

// Sizes of a Cache.
const (
	cacheBytes = 256 << 20
	cacheFiles = 2000
)

// NewCache returns a Cache. It takes memory as it is used.
func NewCache() *Cache {
	return &Cache{
		blocks: pebble.NewCache(cacheBytes),
		files:  pebble.NewFileCache(runtime.GOMAXPROCS(0), cacheFiles),
	}
}

// Close lets go of the cache, once all clusters that use it are closed.
func (c *Cache) Close() {
	c.files.Unref()
	c.blocks.Unref()
}

// logger takes what Pebble has to say. Its chatter is not for operators.
type logger struct{ log *slog.Logger }

func (l logger) Infof(string, ...any) {}

func (l logger) Errorf(format string, args ...any) {
	l.log.Error(fmt.Sprintf("storage: "+format, args...))
}

// Fatalf ends the process: Pebble calls it when its files can't be trusted any
// more. Storage comes back from the journal.
func (l logger) Fatalf(format string, args ...any) {
	message := fmt.Sprintf("storage: "+format, args...)
	l.log.Error(message)
	panic(message)
}
