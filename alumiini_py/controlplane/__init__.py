"""The embedded control plane, for trying and testing: etcd, kube-apiserver and kube-controller-manager."""
