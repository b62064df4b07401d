"""Network namespaces of the control host in place of hosts: ansible_host names one."""
from ansible.plugins.connection.local import Connection as LocalConnection

DOCUMENTATION = """
    name: netns
    short_description: run in a network namespace of this host
    description:
        - Runs everything by C(ip netns exec). Files are those of this host. Needs root.
    author: uring-bench
    options:
        namespace:
            description: name of the namespace, as C(ip netns) lists it
            default: inventory_hostname
            vars:
                - name: inventory_hostname
                - name: ansible_host
"""


class Connection(LocalConnection):
    transport = "netns"

    def exec_command(self, cmd, in_data=None, sudoable=True):
        namespace = self.get_option("namespace")
        return super().exec_command(f"ip netns exec {namespace} {cmd}", in_data, sudoable)
