namespace Alcove.Envd.Users;

/// <summary>The accounts of the sandbox, read from <c>/etc/passwd</c> and <c>/etc/group</c> as they are at the time of asking. Reads no NSS modules: the daemon brings its own libc.</summary>
internal sealed class UserDatabase(string etc = "/etc")
{
    /// <returns>Null when there is no such user.</returns>
    public User? Find(string name) => throw new NotImplementedException(etc + name);

    /// <summary>The user's name, or the number in decimal when nobody has it.</summary>
    public string UserName(uint uid) => throw new NotImplementedException(etc + uid);

    /// <summary>The group's name, or the number in decimal when no group has it.</summary>
    public string GroupName(uint gid) => throw new NotImplementedException(etc + gid);
}
