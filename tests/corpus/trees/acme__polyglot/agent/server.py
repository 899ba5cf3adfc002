from mcp.server.fastmcp import FastMCP
from pydantic_ai import Agent

mcp = FastMCP("orders")
agent = Agent("google-gla:gemini-2.0-flash", system_prompt="You look up orders.")
