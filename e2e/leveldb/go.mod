module regenesis/e2e/leveldb

go 1.24

require github.com/syndtr/goleveldb v1.0.1-0.20210819022825-2ae1ddf74ef7

require github.com/golang/snappy v1.0.0 // indirect
