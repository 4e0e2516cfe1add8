# title: Credentials of a cluster are read on its host
# technique: T1552.007 T1552.001

cat /etc/kubernetes/admin.conf /var/lib/kubelet/pki/kubelet-client-current.pem /var/lib/kubelet/kubeconfig >/dev/null
