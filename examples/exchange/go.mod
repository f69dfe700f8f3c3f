module example.test/exchange

go 1.24
