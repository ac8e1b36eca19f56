module github.com/kehuo/provision

go 1.26
