// Prints every key and value of a leveldb database, with the library that geth uses: in hex, a pair on a
// line, sorted by key. Fails if a block's checksum is wrong, or a filter denies a key that is there.
//
//	go run . DIRECTORY
package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/filter"
	"github.com/syndtr/goleveldb/leveldb/opt"
)

func main() {
	if len(os.Args) != 2 {
		fail("usage: go run . DIRECTORY")
	}
	// As geth opens it (ethdb/leveldb), but without changing anything.
	options := opt.Options{
		Filter:         filter.NewBloomFilter(10),
		ReadOnly:       true,
		ErrorIfMissing: true,
		Strict:         opt.StrictAll,
	}
	db, err := leveldb.OpenFile(os.Args[1], &options)
	check(err)
	defer db.Close()
	out := bufio.NewWriter(os.Stdout)
	entries := db.NewIterator(nil, nil)
	defer entries.Release()
	for entries.Next() {
		// A lookup asks the filter, which an iterator does not.
		value, err := db.Get(entries.Key(), nil)
		check(err)
		fmt.Fprintf(out, "%x %x\n", entries.Key(), value)
	}
	check(entries.Error())
	check(out.Flush())
}

func check(err error) {
	if err != nil {
		fail(err)
	}
}

func fail(message any) {
	fmt.Fprintln(os.Stderr, "error:", message)
	os.Exit(1)
}
