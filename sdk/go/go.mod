module lanner

go 1.24
