module reference

go 1.24

require lanner v0.0.0

replace lanner => ../../../sdk/go
