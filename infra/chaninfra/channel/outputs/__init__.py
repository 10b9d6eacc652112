"""What `pulumi up` hands to users: the channel descriptor, who has access, and the next steps."""
