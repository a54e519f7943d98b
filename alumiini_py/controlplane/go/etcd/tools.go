//go:build tools

// Package tools pins the etcd program of the embedded control plane.
package tools

import (
	_ "go.etcd.io/etcd/server/v3"
)
